package import CeleryCore
import Streams

/// An error of a server that speaks AMQP 1.0, or of the connection to it.
package struct ProtonError: ConnectionFailure {
    package enum Code: ConnectionFailureCode {
        /// libqpid-proton is not installed.
        case engineMissing
        /// libssl is not installed.
        case libraryMissing
        /// The host name is unknown, no server listens, or nothing answers.
        case unreachable
        /// A certificate is not acceptable.
        case tls
        /// An option of the URL, or a file it names, is invalid.
        case options
        /// The connection or the link ended: closed by the server or the network, or silent for too long.
        case lost
        /// The server lives, but has not confirmed in time: it is full, or busy.
        case late
        /// The server refuses the login, or this use of a queue.
        case denied
        /// There is no such queue, and the server makes none.
        case missing
        /// The queue is there, and is another one than was wanted.
        case conflict
        /// What answers does not speak AMQP 1.0.
        case malformed
        /// The server refuses a message.
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

    /// What a server says: the name of a condition, and a sentence.
    ///
    /// - Parameter other: The code for conditions that have none of their own.
    init(condition: String, _ text: String, other: Code = .refused) {
        code =
            switch condition {
            case "amqp:unauthorized-access": .denied
            case "amqp:not-found": .missing
            case "amqp:precondition-failed", "amqp:resource-locked": .conflict
            default: other
            }
        // The text of a server may quote what was sent, and goes to a terminal.
        let said = (text.isEmpty ? condition : text).inOneLine(limit: 300)
        message = "the server says: \(said.isEmpty ? "error" : said)"
    }
}

extension ProtonError: ConversationFailure {
    package static func late(_ message: String) -> ProtonError { ProtonError(.late, message) }
}

extension DriverError {
    /// Translates an error of the server or the connection.
    ///
    /// - Parameter location: The URL without its password.
    package init(_ error: ProtonError, at location: String) {
        let text = error.message(at: location)
        switch error.code {
        case .engineMissing: self.init(.configuration, text, hint: "install it: apt-get install libqpid-proton11")
        case .libraryMissing: self.init(.configuration, text, hint: TLSTerms.libraryHint)
        case .options: self.init(.configuration, error.message)
        case .unreachable: self.init(.unreachable, text, hint: "start the server with its AMQP port, or correct the URL")
        case .tls: self.init(.unreachable, text, hint: TLSTerms.distrustHint)
        case .lost: self.init(.unreachable, text)
        case .late: self.init(.tryAgain, text, hint: "the server may be short of memory or disk: see its log")
        case .denied: self.init(.noPermission, text, hint: "check user and password in the URL: amqp10://user:password@host, and what the user may do")
        case .missing: self.init(.refused, text, hint: "create the queue at the server, or let the server create queues as they are used")
        case .conflict: self.init(.refused, text, hint: "use another name, or remove the queue at the server")
        case .malformed:
            self.init(
                .unusable, text,
                hint: "check that the URL names the AMQP port, and that the server speaks AMQP 1.0: RabbitMQ before version 4 needs its plugin rabbitmq_amqp1_0")
        case .refused: self.init(.refused, text)
        }
    }
}
