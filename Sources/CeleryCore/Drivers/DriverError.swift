/// What goes wrong between us and a broker or a result store.
///
/// Drivers translate their native errors into this once. Code is what callers branch on.
public struct DriverError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// Nobody answers there.
        case unreachable
        /// It answers, and will not let us in, or the file may not be touched.
        case noPermission
        /// Not now: busy, full, blocked. Nothing was accepted, but for what `unconfirmed` tells.
        case tryAgain
        /// The file or server is not what we can work with: foreign, newer, damaged.
        case unusable
        /// The file or folder cannot be made.
        case cannotCreate
        /// The request makes no sense to it: too large a message, a queue that is not there.
        case refused
        /// The id of the message is in use: it was published before, or another was.
        case alreadyThere
        /// The URL or its options.
        case configuration
        /// The driver lacks the power asked for.
        case unsupported
    }

    public var code: Code
    /// What failed, on what, why: lower case, no password, no type name.
    public var message: String
    /// What a person can do about it.
    public var hint: String?
    /// Whether it is about what was asked, and will be the same however often that is asked again,
    /// while others fare better. Else it is about the broker or the store as a whole, or may pass.
    public var isAboutRequest: Bool
    /// Of messages sent together, those that are not confirmed, while all others are. Of those, `tryAgain` says that
    /// they may still be accepted, any other code that at least one of them was refused. Empty when the error is not
    /// about messages: then none was sent.
    public var unconfirmed: Set<TaskID>
    /// Which of those sent together was refused, where the driver can tell.
    public var subject: TaskID?

    public init(_ code: Code, _ message: String, hint: String? = nil, unconfirmed: Set<TaskID> = [], subject: TaskID? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        isAboutRequest = code == .refused || code == .alreadyThere
        self.unconfirmed = unconfirmed
        self.subject = subject
    }

    public var description: String { message }

    /// A driver was asked for what it cannot do.
    public static func lacks(_ power: String, _ location: String) -> DriverError {
        DriverError(.unsupported, "\(location) cannot \(power)")
    }
}
