/// Why there is no server.
package struct WebError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// A library is not on this machine.
        case libraryMissing
        /// A file of credentials or of TLS cannot be used.
        case file
        /// The library does not start.
        case refused
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
