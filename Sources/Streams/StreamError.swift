/// Why a connection could not be made, or ended.
package struct StreamError: Error, Sendable, Equatable {
    package enum Code: Sendable, Equatable {
        /// The address cannot be that of a server.
        case address
        /// The host name is unknown, no server listens, or nothing answers.
        case unreachable
        /// The connection ended.
        case lost
        /// The certificate of the server, or that of the client, is not acceptable, or there is no TLS.
        case tls
        /// A file of certificates cannot be used.
        case file
        /// libssl is not installed.
        case libraryMissing
    }

    package var code: Code
    /// Lower case; without the name of the server.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
