package import CeleryCore
import Streams

/// An error of a MongoDB server or of the connection to it.
package struct MongoError: ConnectionFailure {
    package enum Code: ConnectionFailureCode {
        /// libssl is not installed.
        case libraryMissing
        /// The host name is unknown, no server listens, the network is blocked, nothing answers, or none of the servers takes writes.
        case unreachable
        /// The certificate of the server, or that of the client, is not acceptable.
        case tls
        /// An option of the URL, or a file it names, is invalid.
        case options
        /// The connection ended: closed by the server or the network, silent for too long, or the server takes no writes any more.
        case lost
        /// The server refuses the login.
        case login
        /// The user may not do this.
        case denied
        /// The server is too old, or not of the set that the URL names.
        case unsupportedServer
        /// What answers does not speak the protocol of MongoDB.
        case malformed
        /// The server is full or busy: it passes.
        case busy
        /// A document is larger than the server takes.
        case tooLarge
        /// The server refused a command.
        case refused
    }

    package var code: Code
    /// What failed and why: lower case where the server's own words are not, no password.
    package var message: String
    /// Whether the error occurred while connecting, so that nothing was sent.
    package var isOfOpening = false

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The error in an answer, or in a part of one: a document with `code` and `errmsg`.
    package init(answer: BSONDocument, to command: String) {
        let number = answer["code"]?.integer ?? 0
        // The text of a server may quote what was sent, and goes to a terminal.
        let text = (answer["errmsg"]?.string ?? "without a reason").inOneLine(limit: 300)
        self.init(Self.code(of: number), "the server refuses \(command): \(text) (error \(number))")
    }

    /// What the errors of servers come to, by their numbers (error_codes.yml of MongoDB).
    static func code(of number: Int) -> Code {
        switch number {
        // Unauthorized.
        case 13: .denied
        // AuthenticationFailed, UserNotFound.
        case 11, 18: .login
        // Those after which drivers look for another server: stepping down, shutting down, and not the primary.
        case 91, 189, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436: .lost
        // Lock and time limits, conflicts, no agreement of the set, no room.
        case 24, 46, 50, 64, 79, 100, 112, 14_031, 16_500, 262: .busy
        case 10_334, 17_280, 17_419, 17_420: .tooLarge
        default: .refused
        }
    }

    /// Two who insert the same id at once (DuplicateKey).
    package static let duplicate = 11_000
}

extension DriverError {
    /// Translates an error of the server or the connection.
    ///
    /// - Parameter location: The URL without its password.
    package init(_ error: MongoError, at location: String) {
        let text = error.message(at: location)
        switch error.code {
        case .libraryMissing: self.init(.configuration, text, hint: TLSTerms.libraryHint)
        case .unreachable: self.init(.unreachable, text, hint: "start MongoDB, or correct the URL")
        case .tls: self.init(.unreachable, text, hint: "name the authority of its certificate with tlsCAFile=FILE, and the host as the certificate does")
        case .options: self.init(.configuration, error.message)
        case .lost: self.init(.unreachable, text)
        case .login: self.init(.noPermission, text, hint: "check user and password in the URL, and the database that knows the user: authSource=NAME")
        case .denied: self.init(.noPermission, text, hint: "grant the user of the URL the role readWrite on the database of results")
        case .unsupportedServer: self.init(.unusable, text)
        case .malformed: self.init(.unusable, text, hint: "check that the URL names a MongoDB server; one that demands TLS needs tls=true")
        case .busy: self.init(.tryAgain, text)
        case .tooLarge, .refused: self.init(.refused, text)
        }
    }
}
