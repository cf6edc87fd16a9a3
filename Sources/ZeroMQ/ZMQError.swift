/// Why a socket cannot be used.
package struct ZMQError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The library is not on this machine, or is too old.
        case libraryMissing
        /// A file of keys cannot be used.
        case keys
        /// The address cannot be used.
        case address
        /// The system refuses a socket or memory.
        case system
    }

    package var code: Code
    /// What is wrong, in lower case.
    package var message: String
    /// What to do about it.
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}
