import CeleryCore

/// Which server answers, by the properties of its `open` frame: `product` and `version`.
package struct ProtonServer: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case activeMQ
        case artemis
        /// RabbitMQ before version 4, with its plugin.
        case rabbitMQPlugin
        /// RabbitMQ 4 and later.
        case rabbitMQ
        /// Qpid Broker-J.
        case brokerJ
        /// A server that does not tell, such as Proton's example, or that nobody has tried.
        case other
    }

    package var kind: Kind
    /// For display.
    package var name: String

    /// - Parameter properties: An AMQP map.
    package init(properties: ProtonValue) {
        let product = properties["product"]?.text ?? ""
        let version = properties["version"]?.text ?? ""
        let lower = product.lowercased()
        kind =
            if lower == "rabbitmq" {
                version.prefix { $0 != "." }.count == 1 && version < "4" ? .rabbitMQPlugin : .rabbitMQ
            } else if lower.contains(text: "artemis") {
                .artemis
            } else if lower == "activemq" {
                .activeMQ
            } else if lower.contains(text: "qpid") || lower.contains(text: "broker-j") {
                .brokerJ
            } else {
                .other
            }
        name = product.isEmpty ? "an AMQP server that does not tell its name" : "\(product) \(version)".inOneLine(limit: 80)
    }
}
