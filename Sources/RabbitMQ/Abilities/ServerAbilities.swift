package import CeleryCore

/// What an AMQP 0-9-1 server can do, from the properties it sends when a connection opens (`connection.start`).
///
/// RabbitMQ and LavinMQ can do everything, under whatever name: a proxy, or RabbitMQ's setting `server_properties`, may give another.
/// The driver expects any other server to do what the protocol requires, and no more than the server announces.
package struct ServerAbilities: Sendable, Hashable {
    /// An extension of RabbitMQ that the driver uses where it is there, and does without where it is not.
    package enum Ability: String, CaseIterable, Sendable {
        /// Publisher confirms (`confirm.select`).
        case confirms
        /// Arguments of queues and subscriptions, such as `x-message-ttl`, `x-dead-letter-exchange`, `x-max-priority` and `x-expires`;
        /// with them come bindings between exchanges, and answers without a queue (`amq.rabbitmq.reply-to`). Other servers refuse or
        /// ignore them.
        case arguments
        /// Queues that are logs: `x-queue-type` is `stream`.
        case streams
    }

    /// The server's name for itself, such as `RabbitMQ` or `LavinMQ`; empty if it gives none.
    package let product: String
    /// The server's version, such as `3.10.8`.
    package let version: String
    /// All that it can do.
    package let abilities: Set<Ability>

    package init(product: String, version: String, abilities: Set<Ability>) {
        (self.product, self.version, self.abilities) = (product, version, abilities)
    }

    /// Reads the server's properties.
    package init(_ properties: JSONObject) {
        product = properties["product"]?.stringValue ?? ""
        version = properties["version"]?.stringValue ?? ""
        let announced = properties["capabilities"]?.objectValue ?? [:]
        switch product {
        case "RabbitMQ":
            abilities = Set(Ability.allCases).subtracting(Self.isOld(version, before: (3, 9)) ? [.streams] : [])
        case "LavinMQ":
            abilities = Set(Ability.allCases).subtracting(Self.isOld(version, before: (2, 0)) ? [.streams] : [])
        // AMQProxy announces these in its own name. The version is not RabbitMQ's, and few run one without streams.
        case _ where announced["direct_reply_to"] == true || announced["consumer_priorities"] == true:
            abilities = Set(Ability.allCases)
        // Broker-J announces confirms under its own name (`ConnectionStartProperties`).
        case _ where announced["publisher_confirms"] == true || properties["qpid.confirmed_publish_supported"] == "true":
            abilities = [.confirms]
        default: abilities = []
        }
    }

    package func has(_ ability: Ability) -> Bool { abilities.contains(ability) }

    /// Why the driver cannot work with this server; `nil` when it can.
    var refusal: String? {
        product.lowercased().contains(text: "garagemq") ? "garagemq stops answering when a connection dies" : nil
    }

    /// Whether the server is older than streams, which came with RabbitMQ 3.9 and LavinMQ 2.0.
    private static func isOld(_ version: String, before first: (Int, Int)) -> Bool {
        let parts = version.split(separator: ".").map { Int($0) ?? 0 }
        return parts.count < 2 || (parts[0], parts[1]) < first
    }

    /// Name and version as people write them: `LavinMQ 2.1.0`.
    package var title: String {
        product.isEmpty ? "an unknown server" : version.isEmpty ? product : "\(product) \(version)"
    }
}
