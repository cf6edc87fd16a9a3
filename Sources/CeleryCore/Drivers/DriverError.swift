/// An error of a broker or a result store.
///
/// Drivers translate their native errors once. Callers branch on the code.
public struct DriverError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// There is no answer.
        case unreachable
        /// The server refuses the login, or the file may not be accessed.
        case noPermission
        /// Busy, full or blocked for now. Nothing was accepted, except as `unconfirmed` tells.
        case tryAgain
        /// The file or server cannot be used: foreign, newer or damaged.
        case unusable
        /// The file or folder cannot be created.
        case cannotCreate
        /// The request is invalid: a message too large, a missing queue.
        case refused
        /// The id of the message is in use, by this message or another one.
        case alreadyThere
        /// The URL or its options are invalid.
        case configuration
        /// The driver lacks the requested capability.
        case unsupported
    }

    public var code: Code
    /// What failed, on what object, and why: lower case, no password, no type name.
    public var message: String
    /// What the user can do about it.
    public var hint: String?
    /// Whether the error concerns the request and would recur, while other requests may succeed. Otherwise it concerns the
    /// broker or store as a whole, or may pass.
    public var isAboutRequest: Bool
    /// Unconfirmed messages of those sent together; all others are confirmed. With `tryAgain` the unconfirmed ones may still be
    /// accepted; with any other code at least one was refused. Empty when the error is not about messages: then none was sent.
    public var unconfirmed: Set<TaskID>
    /// The refused message among those sent together, if the driver can tell.
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

    /// The driver lacks a capability.
    public static func lacks(_ power: String, _ location: String) -> DriverError {
        DriverError(.unsupported, "\(location) cannot \(power)")
    }
}
