package import CeleryCore
import Streams

/// An error of a STOMP server or of the connection to it.
package struct STOMPError: ConnectionFailure {
    package enum Code: ConnectionFailureCode {
        /// libssl is not installed.
        case libraryMissing
        /// The host name is unknown, no server listens, or nothing answers.
        case unreachable
        /// A certificate is not acceptable.
        case tls
        /// An option of the URL, or a file it names, is invalid.
        case options
        /// The connection ended: closed by the server or the network, or silent for too long.
        case lost
        /// The server lives, but has not confirmed in time: it is full, or busy.
        case late
        /// The server refuses the login, or this use of a queue.
        case denied
        /// What answers does not speak STOMP 1.2.
        case malformed
        /// The server refuses a frame.
        case refused
    }

    package var code: Code
    /// What failed and why: lower case, no password.
    package var message: String
    /// Whether the error occurred while connecting, so that nothing was sent.
    package var isOfOpening = false

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What an ERROR frame says. ActiveMQ adds the stack of its own calls, RabbitMQ a sentence.
    init(answer frame: STOMPFrame) {
        let first = String(decoding: frame.body.prefix { $0 != 0x0A }, as: UTF8.self)
        let summary = frame["message"] ?? ""
        // The text of a server may quote what was sent, and goes to a terminal.
        let text = (summary.isEmpty ? first : first.isEmpty || first.contains(text: summary) ? summary : "\(summary): \(first)").inOneLine(limit: 300)
        let lower = text.lowercased()
        let isDenied = ["access refused", "access_refused", "access denied", "not authorized", "user name", "password"].contains { lower.contains(text: $0) }
        self.init(isDenied ? .denied : .refused, "the server says: \(text.isEmpty ? "error" : text)")
    }
}

extension STOMPError: ConversationFailure {
    package static func late(_ message: String) -> STOMPError { STOMPError(.late, message) }
}

extension DriverError {
    /// Translates an error of the server or the connection.
    ///
    /// - Parameter location: The URL without its password.
    package init(_ error: STOMPError, at location: String) {
        let text = error.message(at: location)
        switch error.code {
        case .libraryMissing: self.init(.configuration, text, hint: TLSTerms.libraryHint)
        case .options: self.init(.configuration, error.message)
        case .unreachable: self.init(.unreachable, text, hint: "start the server with its STOMP port, or correct the URL")
        case .tls: self.init(.unreachable, text, hint: TLSTerms.distrustHint)
        case .lost: self.init(.unreachable, text)
        case .late: self.init(.tryAgain, text, hint: "the server may be short of memory or disk: see its log")
        case .denied: self.init(.noPermission, text, hint: "check user and password in the URL: stomp://user:password@host, and what the user may do")
        case .malformed: self.init(.unusable, text, hint: "check that the URL names the STOMP port of the server; use stomp+ssl:// for a TLS port")
        case .refused: self.init(.refused, text)
        }
    }
}
