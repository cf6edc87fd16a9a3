package import CeleryCore
package import RabbitMQ

extension DriverError {
    /// Translates an error of the server or the connection.
    ///
    /// - Parameter location: The broker URLs without passwords.
    package init(_ error: RabbitMQError, at location: String) {
        let server = Server(of: error, at: location)
        let text = server.isNamed || location.isEmpty ? error.message : "broker \(location): \(error.message)"
        switch error.code {
        case .libraryMissing:
            self.init(.configuration, error.message, hint: "install it: apt-get install librabbitmq4")
        case .options: self.init(.configuration, error.message)
        case .unfit: self.init(.configuration, error.message, hint: "use another broker")
        case .unreachable:
            self.init(.unreachable, error.message, hint: "start RabbitMQ, or name another broker with --broker URL")
        case .tls:
            self.init(
                .unreachable, error.message,
                hint: "name the file of trusted certificates with ?cacertfile=FILE in the URL, and use the host name in the certificate")
        case .tlsHandshake:
            self.init(
                .unreachable, error.message,
                hint: "use amqp:// for a port without TLS; if the server asks for a client certificate, add certfile=FILE&keyfile=FILE to the URL")
        case .login(byCertificate: true):
            self.init(.noPermission, text, hint: "check certfile and keyfile in the URL, and the user name that the broker reads from the certificate")
        case .login: self.init(.noPermission, text, hint: server.passwordHint)
        case .lost, .timeout: self.init(.unreachable, text)
        case .blocked: self.init(.tryAgain, text)
        case .tooLarge: self.init(.refused, text)
        case .refused(let reply):
            self.init(reply: reply, text, server)
            // A server that refuses a login may do so again; a later refusal concerns one request.
            isAboutRequest = !error.isOfOpening && code != .unreachable
        }
    }

    /// - Parameter reply: A reply code of AMQP 0-9-1 (section 1.2 of its reference). Some codes have several meanings,
    ///   which only the text tells apart.
    private init(reply: Int, _ text: String, _ server: Server) {
        switch reply {
        case 403 where Self.isNobodysRight(text): self.init(.refused, text)
        case 403:
            self.init(
                .noPermission, text,
                hint: "grant the permissions that workers need: \(server.setup) (list your own queues in CELERY_QUEUES first)")
        case 406 where text.contains(text: "inequivalent arg"):
            self.init(
                .configuration, text,
                hint: "make the settings match the queue (CELERY_DEFAULT_QUEUE_TYPE, CELERY_QUEUE_MAX_PRIORITY, CELERY_QUEUES), or delete it")
        case 530 where text.contains(text: "not found"): self.init(.configuration, text, hint: "create it: \(server.setup)")
        case 530 where text.contains(text: "limit"): self.init(.tryAgain, text)
        case 530: self.init(.noPermission, text, hint: "grant access: \(server.setup)")
        case 405: self.init(.configuration, text)
        case 320, 541: self.init(.unreachable, text)
        default: self.init(.refused, text)
        }
    }

    /// Whether no permission would allow this.
    private static func isNobodysRight(_ text: String) -> Bool {
        ["reserved prefix", "internal exchange", "default exchange"].contains { text.contains(text: $0) }
    }

    /// The server that an error is about, among several.
    private struct Server {
        private let url: ServiceURL
        /// Whether the error names the server.
        let isNamed: Bool

        init(of error: RabbitMQError, at location: String) {
            let urls = (try? ServiceURL.alternatives(location)) ?? []
            let named = urls.first { error.message.contains(text: $0.redacted) }
            isNamed = named != nil
            url = named ?? urls.first ?? ServiceURL(scheme: "amqp")
        }

        private var user: String { url.user ?? "guest" }

        /// The command that creates the user, the virtual host and the permissions.
        var setup: String {
            "celery rabbit-setup --user \(ShellWord.quoted(user)) --vhost \(ShellWord.quoted(url.virtualHost))"
        }

        var passwordHint: String {
            let isLocal = ["localhost", "127.0.0.1", "::1", nil].contains(url.host)
            let others = user == "guest" && !isLocal ? "; most brokers accept guest only from their own machine" : ""
            return "check user and password in the URL\(others)"
        }
    }
}
