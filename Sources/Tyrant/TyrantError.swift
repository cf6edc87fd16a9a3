package import CeleryCore
import Streams

/// An error of a Tokyo Tyrant server or of the connection to it.
package struct TyrantError: ConnectionFailure {
    package enum Code: ConnectionFailureCode {
        /// The host name is unknown, no server listens, the network is blocked, or nothing answers.
        case unreachable
        /// The URL is invalid.
        case options
        /// The connection ended: closed by the server or the network, or silent for too long.
        case lost
        /// What answers does not speak the protocol of Tokyo Tyrant.
        case malformed
        /// The server's database is of a kind that takes no values of any length under keys of any letters.
        case unsuitable
        /// The server did not do what it was told.
        case refused

        // The protocol has no TLS.
        package static var tls: Code { .unreachable }
        package static var libraryMissing: Code { .unreachable }
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
}

extension DriverError {
    /// Translates an error of the server or the connection.
    ///
    /// - Parameter location: The URL.
    package init(_ error: TyrantError, at location: String) {
        let text = error.message(at: location)
        switch error.code {
        case .unreachable: self.init(.unreachable, text, hint: "start ttserver, or correct the URL")
        case .options: self.init(.configuration, error.message)
        case .lost: self.init(.unreachable, text)
        case .malformed: self.init(.unusable, text, hint: "check that the URL names a Tokyo Tyrant server")
        case .unsuitable: self.init(.unusable, text, hint: "start ttserver with a hash database or a B+ tree, such as results.tch or results.tcb")
        // It does not say why: its disk may be full, or a command forbidden.
        case .refused: self.init(.tryAgain, text, hint: "look into the log of ttserver: its disk may be full, or it may forbid the command (-mask)")
        }
    }
}
