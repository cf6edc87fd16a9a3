package import CeleryCore
import Streams

/// An error of a Memcached server or of the connection to it.
package struct MemcachedError: ConnectionFailure {
    package enum Code: ConnectionFailureCode {
        /// The host name is unknown, no server listens, the network is blocked, or nothing answers.
        case unreachable
        /// The URL is invalid.
        case options
        /// The certificate is not accepted, or the TLS handshake failed.
        case tls
        /// libssl is not installed.
        case libraryMissing
        /// The connection ended: closed by the server or the network, or silent for too long.
        case lost
        /// The server asks for a password, or speaks the binary protocol alone.
        case unsupportedServer
        /// What answers does not speak the text protocol of Memcached.
        case malformed
        /// The server has no room left, and evicts nothing.
        case full
        /// The value is larger than the server's limit.
        case tooLarge
        /// The server refused a command.
        case refused
    }

    package var code: Code
    /// What failed and why: lower case.
    package var message: String
    /// Whether the error occurred while connecting, so that nothing was sent.
    package var isOfOpening = false

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The error in a reply: `SERVER_ERROR out of memory storing object`.
    ///
    /// - Parameter command: The name of the command that it answers.
    package init(reply: String, to command: String) {
        // The text of a server may quote what was sent, and goes to a terminal.
        let text = reply.inOneLine(limit: 300)
        let code: Code =
            if reply.contains(text: "object too large") || reply.hasPrefix("SERVER_ERROR large") {
                .tooLarge
            } else if reply.contains(text: "out of memory") {
                .full
            } else if reply.contains(text: "unauthenticated") || reply.contains(text: "authentication") {
                .unsupportedServer
            } else {
                .refused
            }
        self.init(code, code == .unsupportedServer ? "the server asks for a password" : "the server refuses \(command): \(text)")
    }
}

extension DriverError {
    /// Translates an error of the server or the connection.
    ///
    /// - Parameter location: The URL.
    package init(_ error: MemcachedError, at location: String) {
        let text = error.message(at: location)
        switch error.code {
        case .unreachable: self.init(.unreachable, text, hint: "start memcached, or correct the URL")
        case .options: self.init(.configuration, error.message)
        case .tls: self.init(.unreachable, text, hint: TLSTerms.distrustHint)
        case .libraryMissing: self.init(.configuration, text, hint: TLSTerms.libraryHint)
        case .lost: self.init(.unreachable, text)
        case .unsupportedServer:
            self.init(.configuration, text, hint: "only servers without a password are supported; start memcached without -S and -Y")
        case .malformed: self.init(.unusable, text, hint: "check that the URL names a memcached server, and use cache+memcacheds:// for a TLS port")
        case .full: self.init(.tryAgain, text, hint: "give memcached more memory (-m), or start it without -M so that it drops what is oldest")
        case .tooLarge: self.init(.refused, text, hint: Self.largerItems)
        case .refused: self.init(.refused, text)
        }
    }

    /// What can be done about a value that is too large.
    package static let largerItems = "raise the server's limit, such as memcached -I 16m, or let the task return the name of a file"
}
