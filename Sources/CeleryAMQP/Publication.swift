package import CeleryCore
package import RabbitMQ

/// A message on its way to an exchange.
package struct Publication: Sendable {
    package var message: WireMessage
    /// Whether it is an error when the message reaches no queue.
    package var isMandatory: Bool
    /// Objects to declare before publishing.
    package var needs: [Need]

    package init(_ message: WireMessage, isMandatory: Bool, needs: [Need] = []) {
        self.message = message
        self.isMandatory = isMandatory
        self.needs = needs
    }

    /// Whether a queue is declared for the message.
    package var needsQueue: Bool {
        needs.contains {
            switch $0 {
            case .taskQueue, .queue: true
            default: false
            }
        }
    }

    /// The publication as a server with these abilities can carry it out: without the ladder a message goes to its queue at once, and
    /// whoever takes it there keeps it until its ETA.
    func possible(with abilities: ServerAbilities) -> Publication {
        guard !abilities.has(.arguments) else { return self }
        var direct = self
        for case .ladder(let queue) in needs {
            direct.message.exchange = ""
            direct.message.routingKey = queue
        }
        direct.needs.removeAll { if case .ladder = $0 { true } else { false } }
        return direct
    }

    /// An object at the server that is declared before publishing, once per connection.
    package enum Need: Sendable, Hashable {
        /// A queue for tasks, with its exchange.
        case taskQueue(String)
        /// An exchange to which listeners bind their queues.
        case exchange(ExchangeDeclaration)
        /// The ladder, with a binding from its end to the queue.
        case ladder(to: String)
        /// A queue addressed by its name.
        case queue(QueueDeclaration)
        /// The queue of dead letters, with its exchange.
        case deadLetters(QueueDeclaration)
        /// A queue for results, bound to an exchange if one is named.
        case resultQueue(QueueDeclaration, exchange: ExchangeDeclaration?)
    }
}
