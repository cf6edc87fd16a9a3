import CeleryCore
import CRabbitMQ

/// An error of a RabbitMQ server or its connection.
package struct RabbitMQError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// librabbitmq is not installed.
        case libraryMissing
        /// The host name is unknown, no server listens, or the network is blocked.
        case unreachable
        /// The server's certificate is not acceptable.
        case tls
        /// The TLS handshake failed, usually without a reason from the server.
        case tlsHandshake
        /// An option of the URL, or a file it names, is invalid.
        case options
        /// The driver does not work with this kind of server.
        case unfit
        /// The connection ended: closed by the server or the network, or silent for too long.
        case lost
        /// An answer did not arrive in time.
        case timeout
        /// The server refused the login with this password or certificate.
        case login(byCertificate: Bool)
        /// The server refused, with this reply code of AMQP 0-9-1 (403, 404, 406, ...).
        case refused(Int)
        /// The message cannot be encoded: too many or too large headers.
        case tooLarge
        /// The server has raised a resource alarm and accepts no messages.
        case blocked
    }

    package var code: Code
    /// What failed and why: lower case, no password.
    package var message: String
    /// Whether the error occurred while connecting, rather than on an open connection.
    package var isOfOpening = false

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    /// The owner was closed.
    static let closed = RabbitMQError(.lost, "the connection is closed")
}

extension RabbitMQError {
    /// The error for a negative library status.
    init(status: Int32, _ operation: String, _ library: RabbitMQLibrary) {
        let text = library.text(of: status)
        switch amqp_status_enum(status) {
        case AMQP_STATUS_TIMEOUT: self.init(.timeout, "cannot \(operation): no answer in time")
        case AMQP_STATUS_HEARTBEAT_TIMEOUT: self.init(.lost, "the server is silent")
        case AMQP_STATUS_TABLE_TOO_BIG: self.init(.tooLarge, "cannot \(operation): the headers are larger than a frame")
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED:
            self.init(.tls, "the server's certificate is for another host name")
        case AMQP_STATUS_SSL_PEER_VERIFY_FAILED: self.init(.tls, "the server's certificate is not trusted, or is for another address")
        case AMQP_STATUS_SSL_CONNECTION_FAILED, AMQP_STATUS_SSL_ERROR:
            self.init(.tlsHandshake, "the TLS handshake failed")
        case AMQP_STATUS_CONNECTION_CLOSED, AMQP_STATUS_SOCKET_CLOSED, AMQP_STATUS_SOCKET_ERROR, AMQP_STATUS_TCP_ERROR:
            self.init(.lost, "the connection ended")
        default: self.init(.lost, "cannot \(operation): \(text)")
        }
    }

    /// The error of a server that closes a connection or a channel.
    init(replyCode: UInt16, text: amqp_bytes_t) {
        self.init(.refused(Int(replyCode)), Self.plain(text.string))
    }

    /// The text without the name of its code: `NOT_FOUND - no queue 'x' in vhost '/'`.
    private static func plain(_ text: String) -> String {
        guard let dash = text.firstRange(ofText: " - "),
            text[..<dash.lowerBound].allSatisfy({ $0.isUppercase || $0 == "_" })
        else { return text.isEmpty ? "no reason given" : text }
        return String(text[dash.upperBound...])
    }
}
