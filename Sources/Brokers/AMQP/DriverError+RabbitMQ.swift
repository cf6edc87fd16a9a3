package import CeleryCore
package import RabbitMQ

extension DriverError {
    /// What a RabbitMQ server or the way to it said, in the words of brokers.
    ///
    /// - Parameter location: the broker, without its password.
    package init(_ error: RabbitMQError, at location: String) {
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
        case .lost, .timeout: self.init(.unreachable, Self.prefixed(error.message, location))
        case .blocked: self.init(.tryAgain, Self.prefixed(error.message, location))
        case .tooLarge: self.init(.refused, Self.prefixed(error.message, location))
        case .refused(let reply):
            self.init(reply: reply, error.message, location)
            // A server that lets nobody in may do so again; what it says later is about one thing.
            isAboutRequest = !error.isOfOpening && code != .unreachable
        }
    }

    private static func prefixed(_ text: String, _ location: String) -> String {
        text.contains(location) ? text : "broker \(location): \(text)"
    }

    /// - Parameter reply: A reply code of AMQP 0-9-1 (section 1.2 of its reference).
    private init(reply: Int, _ message: String, _ location: String) {
        let text = Self.prefixed(message, location)
        switch reply {
        case 403:
            self.init(
                .noPermission, text,
                hint: "check user and password in the URL, and what rabbitmqctl list_permissions -p VHOST says of them")
        case 406 where message.contains("inequivalent arg"):
            self.init(
                .configuration, text,
                hint: "say in the settings how the queue was made (CELERY_DEFAULT_QUEUE_TYPE, CELERY_QUEUE_MAX_PRIORITY, CELERY_QUEUES), or delete it")
        // One reply code for a virtual host that is missing and for one that may not be entered.
        case 530 where message.contains("not found"):
            self.init(.configuration, text, hint: "make it: celery rabbit-setup --vhost NAME")
        case 530: self.init(.noPermission, text, hint: "give it: rabbitmqctl set_permissions -p VHOST USER '.*' '.*' '.*'")
        case 405: self.init(.configuration, text)
        case 320, 541: self.init(.unreachable, text)
        default: self.init(.refused, text)
        }
    }
}
