import CeleryCore

/// Which server answers, by the `server` header of its greeting: `ActiveMQ/5.17.2`, `RabbitMQ/3.10.8`.
package struct STOMPServer: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case activeMQ
        /// ActiveMQ Artemis: other queues below, and other names of options.
        case artemis
        /// RabbitMQ with its plugin.
        case rabbitMQ
        /// A server that does not tell, or that nobody has tried.
        case other
    }

    package var kind: Kind
    /// For display.
    package var name: String

    package init(header: String?) {
        let text = header ?? ""
        name = text.isEmpty ? "a STOMP server that does not tell its name" : text.inOneLine(limit: 80)
        if text.hasPrefix("ActiveMQ-Artemis") {
            kind = .artemis
        } else if text.hasPrefix("ActiveMQ/") {
            kind = .activeMQ
        } else if text.hasPrefix("RabbitMQ/") {
            kind = .rabbitMQ
        } else {
            kind = .other
        }
    }
}
