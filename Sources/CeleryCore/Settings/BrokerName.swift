/// Rules for the names of queues, exchanges and routing keys: the same for settings, task options, command lines, remote
/// control and messages, so that a name is refused before anything is changed.
package enum BrokerName: Sendable {
    /// A queue that is declared if it does not exist.
    case queue
    /// An existing queue: RabbitMQ names some itself.
    case existingQueue
    case exchange
    case routingKey

    /// With its article, for errors: `the name of a queue`.
    package var noun: String {
        switch self {
        case .queue, .existingQueue: "the name of a queue"
        case .exchange: "the name of an exchange"
        case .routingKey: "a routing key"
        }
    }

    /// The rule that the name breaks, to follow `must be the name of a queue,`; `nil` for a valid name.
    ///
    /// AMQP's limit is 255 bytes. A comma separates queues on a command line, and a space is probably a typing mistake. RabbitMQ
    /// refuses to declare a queue whose name begins with `amq.`.
    package func rule(brokenBy name: String) -> String? {
        let isQueue = self == .queue || self == .existingQueue
        guard !name.isEmpty, name.utf8.count <= 255,
            name.unicodeScalars.allSatisfy({ !$0.isUnprintable && !(isQueue && ($0.properties.isWhitespace || $0 == ",")) })
        else { return isQueue ? "up to 255 bytes without spaces or commas" : "up to 255 bytes without control characters" }
        return self == .queue && name.hasPrefix("amq.") ? "one that does not begin with amq., which RabbitMQ reserves" : nil
    }

    package func isValid(_ name: String) -> Bool { rule(brokenBy: name) == nil }
}
