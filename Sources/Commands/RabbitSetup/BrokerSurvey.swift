import CeleryCore

/// The wanted objects that already exist at a broker.
struct BrokerSurvey: Sendable {
    /// The port for AMQP, if the broker reports one.
    var listener: Listener?
    /// The tags of the user; `nil` if the user does not exist.
    var userTags: [String]?
    var hasVirtualHost = false
    /// The permissions of the user on the virtual host.
    var permissions: AccessPatterns?
    /// Exchanges by name: at least the wanted ones that exist.
    var exchanges: [String: Exchange] = [:]
    var queues: [String: Queue] = [:]
    var bindings: Set<BrokerObjects.Binding> = []

    /// A port of the broker for AMQP.
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
        /// The other arguments in the form `x-max-length=10`, sorted.
        var arguments: [String]
    }

    /// The objects that do not exist yet.
    func missing(of objects: BrokerObjects) -> BrokerObjects {
        BrokerObjects(
            exchanges: objects.exchanges.filter { exchanges[$0.name] == nil },
            queues: objects.queues.filter { queues[$0.name] == nil },
            bindings: objects.bindings.filter { !bindings.contains($0) })
    }

    /// Chooses one of RabbitMQ's listeners, without TLS if possible.
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
