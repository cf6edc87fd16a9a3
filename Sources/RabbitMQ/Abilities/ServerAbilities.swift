package import CeleryCore

/// What an AMQP 0-9-1 server can do, from the properties it sends when a connection opens (`connection.start`).
///
/// RabbitMQ and LavinMQ can do everything, under whatever name: a proxy, or RabbitMQ's setting `server_properties`, may give another.
/// The protocol itself promises little of what RabbitMQ has, so any other server can do only what it announces, and what the protocol
/// requires of all servers.
package struct ServerAbilities: Sendable, Hashable {
    /// An ability that the driver uses where it is there, and does without where it is not.
    package enum Ability: String, CaseIterable, Sendable {
        /// Publisher confirms (`confirm.select`), an extension of RabbitMQ.
        case confirms
        /// Bindings between exchanges (`exchange.bind`), an extension of RabbitMQ.
        case exchangeBindings
        /// Queues that keep messages for a time and then pass them on: `x-message-ttl` and `x-dead-letter-exchange`.
        case delays
        /// Queues that are logs: `x-queue-type` is `stream`.
        case streams
        /// Queues that hand over important messages first: `x-max-priority`.
        case priorities
        /// Queues that end by themselves and drop old messages: `x-expires`, `x-max-length`.
        case expiry
        /// The mark of messages that were delivered before (`redelivered`).
        case redelivery
        /// Lists, tables and large numbers in the headers of messages.
        case tables
        /// Answers without a queue (`amq.rabbitmq.reply-to`).
        case directReplies
        /// Silence after calls that ask for no answer (`no-wait`).
        case silence
        /// A confirm for every message. garagemq leaves it out for a message that was acknowledged before it was on disk.
        case everyConfirm
        /// Messages without a body. garagemq waits for one.
        case emptyBodies
        /// Channels that are free again once the server has closed them. garagemq wants to be told once more.
        case channelEnds
        /// Queues that get their own messages alone, also after a restart. garagemq loads those of `a.b` into `a`, too.
        case separateQueues
        /// `queue.purge` and `queue.delete` with `if-unused` that do what the protocol says.
        case safeRemoval
        /// Exclusive queues with consumers, whose connection ends. garagemq waits for itself when it deletes such a queue, and answers
        /// nobody any more.
        case exclusiveConsumers
    }

    /// What the protocol asks of every server.
    package static let ordinary: Set<Ability> = [
        .redelivery, .everyConfirm, .emptyBodies, .channelEnds, .separateQueues, .safeRemoval, .exclusiveConsumers,
    ]

    /// The server's name for itself, such as `RabbitMQ` or `garagemq`; empty if it gives none.
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
        // Errors are not announced: these are those of garagemq 0.1, in Debian since 12.
        let isGarage = product.lowercased().contains(text: "garagemq")
        switch product {
        case "RabbitMQ":
            abilities = Set(Ability.allCases).subtracting(Self.isOld(version, before: (3, 9)) ? [.streams] : [])
        case "LavinMQ":
            abilities = Set(Ability.allCases).subtracting(Self.isOld(version, before: (2, 0)) ? [.streams] : [])
        // AMQProxy announces these in its own name. The version is not RabbitMQ's, and few run one without streams.
        case _ where !isGarage && (announced["direct_reply_to"] == true || announced["consumer_priorities"] == true):
            abilities = Set(Ability.allCases)
        default:
            var abilities: Set<Ability> = []
            // Broker-J announces confirms under its own name (`ConnectionStartProperties`).
            if announced["publisher_confirms"] == true || properties["qpid.confirmed_publish_supported"] == "true" {
                abilities.insert(.confirms)
            }
            if announced["exchange_exchange_bindings"] == true { abilities.insert(.exchangeBindings) }
            if !isGarage { abilities.formUnion(Self.ordinary) }
            // Broker-J reads and writes every type of RabbitMQ's tables.
            if product.lowercased().contains(text: "qpid") { abilities.insert(.tables) }
            self.abilities = abilities
        }
    }

    package func has(_ ability: Ability) -> Bool { abilities.contains(ability) }

    /// Whether the server takes RabbitMQ's arguments of queues and subscriptions. Others refuse them (Broker-J), or fail (garagemq, by
    /// numbers beyond 32 bits).
    var takesArguments: Bool { has(.delays) }

    /// Whether the server is older than streams, which came with RabbitMQ 3.9 and LavinMQ 2.0.
    private static func isOld(_ version: String, before first: (Int, Int)) -> Bool {
        let parts = version.split(separator: ".").map { Int($0) ?? 0 }
        return parts.count < 2 || (parts[0], parts[1]) < first
    }

    /// Name and version as people write them: `garagemq 0.1`.
    package var title: String {
        product.isEmpty ? "an unknown server" : version.isEmpty ? product : "\(product) \(version)"
    }
}
