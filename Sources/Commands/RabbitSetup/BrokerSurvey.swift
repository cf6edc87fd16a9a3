import CeleryCore

/// What there is at a broker already, of what is wanted.
struct BrokerSurvey: Sendable {
    /// Where programs reach the broker, as far as it says so.
    var listener: Listener?
    /// The tags of the user; `nil` when there is no such user.
    var userTags: [String]?
    var hasVirtualHost = false
    /// Of the user on the virtual host.
    var permissions: AccessPatterns?
    /// By name; those that are wanted, or all.
    var exchanges: [String: Exchange] = [:]
    var queues: [String: Queue] = [:]
    var bindings: Set<BrokerObjects.Binding> = []

    /// A port where the broker speaks AMQP.
    struct Listener: Sendable, Hashable {
        var port: Int
        var usesTLS: Bool
    }

    struct Exchange: Sendable, Hashable {
        var type: String
        var isDurable: Bool
        var isAutoDelete: Bool
    }

    struct Queue: Sendable, Hashable {
        var type: String
        var isDurable: Bool
        var isAutoDelete: Bool
        var isExclusive: Bool
        var maxPriority: Int?
        /// `x-max-length=10`, sorted; without those that stand above.
        var arguments: [String]
    }

    /// What is missing of `objects`.
    func missing(of objects: BrokerObjects) -> BrokerObjects {
        BrokerObjects(
            exchanges: objects.exchanges.filter { exchanges[$0.name] == nil },
            queues: objects.queues.filter { queues[$0.name] == nil },
            bindings: objects.bindings.filter { !bindings.contains($0) })
    }

    /// Chooses among `(protocol, port)` as RabbitMQ lists them.
    static func listener(among offered: [(name: String, port: Int)]) -> Listener? {
        if let plain = offered.first(where: { $0.name == "amqp" }) { return Listener(port: plain.port, usesTLS: false) }
        return offered.first { $0.name == "amqp/ssl" || $0.name == "amqps" }.map { Listener(port: $0.port, usesTLS: true) }
    }
}

extension BrokerSurvey.Exchange {
    /// From an object of `rabbitmqctl list_exchanges` or of the management API.
    init(_ object: JSON) {
        type = object["type"]?.stringValue ?? ""
        isDurable = object["durable"]?.boolValue ?? false
        isAutoDelete = object["auto_delete"]?.boolValue ?? false
    }
}

extension BrokerSurvey.Queue {
    /// From an object of `rabbitmqctl list_queues` or of the management API.
    init(_ object: JSON) {
        var pairs: [(String, JSON)] = []
        switch object["arguments"] {
        case .object(let members)?: pairs = members.members.map { ($0.key, $0.value) }
        case .array(let triples)?:
            // [name, type on the wire, value]
            for case .array(let triple) in triples where triple.count == 3 { pairs.append((triple[0].stringValue ?? "", triple[2])) }
        default: break
        }
        let named = pairs.first { $0.0 == "x-queue-type" }?.1.stringValue
        type = object["type"]?.stringValue ?? named ?? "classic"
        isDurable = object["durable"]?.boolValue ?? false
        isAutoDelete = object["auto_delete"]?.boolValue ?? false
        isExclusive = object["exclusive"]?.boolValue ?? false
        maxPriority = pairs.first { $0.0 == "x-max-priority" }?.1.intValue
        arguments = pairs.filter { !["x-queue-type", "x-max-priority"].contains($0.0) }.map { "\($0.0)=\($0.1.stringValue ?? $0.1.text())" }.sorted()
    }
}
