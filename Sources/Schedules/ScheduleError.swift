/// Why a text or a value is no schedule, in the words of the person who wrote it.
public struct ScheduleError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of mistake it is, for those who branch on it.
    public enum Code: Sendable, Hashable {
        /// Neither an interval nor a crontab line.
        case notASchedule
        /// An interval too short, too long or too fine.
        case badInterval
        /// One of the five fields of a crontab line.
        case badField
        /// A crontab line with too few or too many fields, or an `@` word that is none.
        case badCrontab
        /// `@reboot`: it names no time.
        case reboot
        /// A name that the time-zone database does not have, or that cannot be one.
        case unknownZone
        /// A file of the time-zone database that is missing, damaged or unreadable.
        case unreadableZone
    }

    public var code: Code
    /// What is wrong: lower case, naming the field and the text.
    public var message: String
    /// What to write instead, if there is something to say.
    public var hint: String?

    public init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The message, and the hint after a semicolon.
    public var description: String { hint.map { "\(message); \($0)" } ?? message }
}
