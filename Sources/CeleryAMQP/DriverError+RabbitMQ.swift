package import CeleryCore
package import RabbitMQ

extension DriverError {
    /// What a RabbitMQ server or the way to it said, in the words of brokers.
    ///
    /// - Parameter location: the broker, without its password.
    package init(_ error: RabbitMQError, at location: String) {
        let place = Place(of: error, at: location)
        let text = place.isNamed || location.isEmpty ? error.message : "broker \(location): \(error.message)"
        switch error.code {
        case .libraryMissing:
            self.init(.configuration, error.message, hint: "install it: apt-get install librabbitmq4")
        case .options: self.init(.configuration, error.message)
        case .unreachable:
            self.init(.unreachable, error.message, hint: "start RabbitMQ, or name another broker with --broker URL")
        case .tls:
            self.init(
                .unreachable, error.message,
                hint: "name the file of trusted certificates with ?cacertfile=FILE in the URL, and the host as its certificate does")
        case .tlsHandshake:
            self.init(
                .unreachable, error.message,
                hint: "a port without TLS wants amqp://; a server that asks for a certificate wants one that it trusts, with certfile=FILE&keyfile=FILE in the URL")
        case .login(byCertificate: true):
            self.init(.noPermission, text, hint: "check certfile and keyfile in the URL, and the user that the broker reads from them")
        case .login: self.init(.noPermission, text, hint: place.passwordHint)
        case .lost, .timeout: self.init(.unreachable, text)
        case .blocked: self.init(.tryAgain, text)
        case .tooLarge: self.init(.refused, text)
        case .refused(let reply):
            self.init(reply: reply, text, place)
            // A server that lets nobody in may do so again; what it says later is about one thing.
            isAboutRequest = !error.isOfOpening && code != .unreachable
        }
    }

    /// - Parameter reply: A reply code of AMQP 0-9-1 (section 1.2 of its reference). Some stand for several things,
    ///   which only the text tells apart.
    private init(reply: Int, _ text: String, _ place: Place) {
        switch reply {
        case 403 where Self.isNobodysRight(text): self.init(.refused, text)
        case 403:
            self.init(
                .noPermission, text,
                hint: "let it have what workers need: \(place.setup) (with CELERY_QUEUES in the settings for queues of your own)")
        case 406 where text.contains("inequivalent arg"):
            self.init(
                .configuration, text,
                hint: "say in the settings how the queue was made (CELERY_DEFAULT_QUEUE_TYPE, CELERY_QUEUE_MAX_PRIORITY, CELERY_QUEUES), or delete it")
        case 530 where text.contains("not found"): self.init(.configuration, text, hint: "make it: \(place.setup)")
        case 530 where text.contains("limit"): self.init(.tryAgain, text)
        case 530: self.init(.noPermission, text, hint: "let it in: \(place.setup)")
        case 405: self.init(.configuration, text)
        case 320, 541: self.init(.unreachable, text)
        default: self.init(.refused, text)
        }
    }

    /// Whether nobody may do this, whatever the permissions.
    private static func isNobodysRight(_ text: String) -> Bool {
        ["reserved prefix", "internal exchange", "default exchange"].contains(where: text.contains)
    }

    /// Of several servers the one that an error is about.
    private struct Place {
        private let url: ServiceURL
        /// Whether the error tells which it is.
        let isNamed: Bool

        init(of error: RabbitMQError, at location: String) {
            let urls = (try? ServiceURL.alternatives(location)) ?? []
            let named = urls.first { error.message.contains($0.redacted) }
            isNamed = named != nil
            url = named ?? urls.first ?? ServiceURL(scheme: "amqp")
        }

        private var user: String { url.user ?? "guest" }

        /// What makes user, virtual host and permissions there.
        var setup: String {
            "celery rabbit-setup --user \(ShellWord.quoted(user)) --vhost \(ShellWord.quoted(url.virtualHost))"
        }

        var passwordHint: String {
            let isLocal = ["localhost", "127.0.0.1", "::1", nil].contains(url.host)
            let others = user == "guest" && !isLocal ? "; guest is mostly let in from the broker's own machine only" : ""
            return "check user and password in the URL\(others)"
        }
    }
}
