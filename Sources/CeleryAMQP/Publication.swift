package import CeleryCore
package import RabbitMQ

/// A message on its way to an exchange.
package struct Publication: Sendable {
    package var message: WireMessage
    /// Whether it is an error that no queue gets it.
    package var isMandatory: Bool
    /// What must be there before.
    package var needs: [Need]

    package init(_ message: WireMessage, isMandatory: Bool, needs: [Need] = []) {
        self.message = message
        self.isMandatory = isMandatory
        self.needs = needs
    }

    /// Whether a queue is made for it, once a connection.
    package var needsQueue: Bool {
        needs.contains {
            switch $0 {
            case .taskQueue, .queue: true
            default: false
            }
        }
    }

    /// Something at the server that is declared before a message is sent, once a connection.
    package enum Need: Sendable, Hashable {
        /// A queue for tasks, with its exchange.
        case taskQueue(String)
        /// An exchange that whoever listens binds to.
        case exchange(ExchangeDeclaration)
        /// The ladder, with a way from its end to the queue.
        case ladder(to: String)
        /// A queue that is sent to by its name.
        case queue(QueueDeclaration)
        /// The queue of dead letters, with its exchange.
        case deadLetters(QueueDeclaration)
        /// A queue for results, bound to an exchange if one is named.
        case resultQueue(QueueDeclaration, exchange: ExchangeDeclaration?)
    }
}
