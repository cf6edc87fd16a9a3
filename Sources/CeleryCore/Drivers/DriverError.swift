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
        /// The request makes no sense to it: an id in use, too large a message.
        case refused
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
    /// Of messages sent together, the places of those that are not confirmed, while all others are. Of those,
    /// `tryAgain` says that they may still be accepted, any other code that at least one of them was refused.
    /// Empty when the error is not about messages: then none was sent.
    public var unconfirmed: [Int]

    public init(_ code: Code, _ message: String, hint: String? = nil, unconfirmed: [Int] = []) {
        self.code = code
        self.message = message
        self.hint = hint
        self.unconfirmed = unconfirmed
    }

    public var description: String { message }

    /// A driver was asked for what it cannot do.
    public static func lacks(_ power: String, _ location: String) -> DriverError {
        DriverError(.unsupported, "\(location) cannot \(power)")
    }
}
