/// Why a connection could not be made, or ended.
package struct StreamError: Error, Sendable, Equatable {
    package enum Code: Sendable, Equatable {
        /// The address cannot be that of a server.
        case address
        /// The host name is unknown, no server listens, or nothing answers.
        case unreachable
        /// The connection ended.
        case lost
    }

    package var code: Code
    /// Lower case; without the name of the server.
    package var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
