/// A text or a value is not a valid schedule.
public struct ScheduleError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of error, for programs.
    public enum Code: Sendable, Hashable {
        /// Neither an interval nor a crontab line.
        case notASchedule
        /// An interval that is too short, too long or too fine.
        case badInterval
        /// An invalid field of a crontab line.
        case badField
        /// A crontab line with too few or too many fields, or an unknown `@` word.
        case badCrontab
        /// `@reboot`: it names no time.
        case reboot
        /// A zone name that is invalid or missing in the time-zone database.
        case unknownZone
        /// A file of the time-zone database that is missing, damaged or unreadable.
        case unreadableZone
    }

    public var code: Code
    /// The error in lower case; names the field and the text.
    public var message: String
    /// What to write instead, if anything.
    public var hint: String?

    public init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The message, and the hint after a semicolon.
    public var description: String { hint.map { "\(message); \($0)" } ?? message }
}
