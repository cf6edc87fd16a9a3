import CeleryCore

/// Durable exchanges, queues and bindings, as Celery declares them.
///
/// Workers declare the transient objects for remote control and events themselves.
struct BrokerObjects: Sendable, Hashable {
    var exchanges: [Exchange] = []
    var queues: [Queue] = []
    var bindings: [Binding] = []

    /// A durable exchange.
    struct Exchange: Sendable, Hashable {
        var name: String
        var type: String
    }

    /// A durable queue, neither exclusive nor auto-delete.
    struct Queue: Sendable, Hashable {
        var name: String
        /// `classic` or `quorum`.
        var type: String
        /// The highest priority of a priority queue.
        var maxPriority: Int?

        /// The arguments of the declaration. Classic queues have no type argument, since clients declare them without it.
        var arguments: JSONObject {
            var arguments = JSONObject()
            if type != "classic" { arguments["x-queue-type"] = .string(type) }
            arguments["x-max-priority"] = maxPriority.map { .int(Int64($0)) }
            return arguments
        }
    }

    /// Routes messages with a routing key from an exchange to a queue.
    struct Binding: Sendable, Hashable {
        var exchange: String
        var queue: String
        var routingKey: String
    }

    var isEmpty: Bool { exchanges.isEmpty && queues.isEmpty && bindings.isEmpty }

    /// The objects that workers and clients of these queues declare on first use.
    static func wanted(_ definitions: [QueueDefinition]) -> BrokerObjects {
        var objects = BrokerObjects()
        for queue in definitions where !objects.queues.contains(where: { $0.name == queue.name }) {
            objects.queues.append(Queue(name: queue.name, type: queue.type.rawValue, maxPriority: queue.maxPriority))
            // Every queue is implicitly bound to the default exchange.
            if queue.exchange.isEmpty { continue }
            objects.add(Exchange(name: queue.exchange, type: queue.exchangeType))
            objects.bindings.append(Binding(exchange: queue.exchange, queue: queue.name, routingKey: queue.routingKey))
        }
        objects.add(Exchange(name: "celeryev", type: "topic"))
        objects.add(Exchange(name: "celeryresults", type: "direct"))
        return objects
    }

    private mutating func add(_ exchange: Exchange) {
        if !exchanges.contains(where: { $0.name == exchange.name }) { exchanges.append(exchange) }
    }

    /// The objects in the format of RabbitMQ's definitions import, which adds missing objects.
    func definitions(vhost: String) -> JSON {
        var document = JSONObject()
        if !exchanges.isEmpty {
            document["exchanges"] = .array(exchanges.map { exchange in
                [
                    "vhost": .string(vhost), "name": .string(exchange.name), "type": .string(exchange.type),
                    "durable": true, "auto_delete": false, "internal": false, "arguments": [:],
                ]
            })
        }
        if !queues.isEmpty {
            document["queues"] = .array(queues.map { queue in
                [
                    "vhost": .string(vhost), "name": .string(queue.name), "durable": true, "auto_delete": false,
                    "arguments": .object(queue.arguments),
                ]
            })
        }
        if !bindings.isEmpty {
            document["bindings"] = .array(bindings.map { binding in
                [
                    "vhost": .string(vhost), "source": .string(binding.exchange), "destination": .string(binding.queue),
                    "destination_type": "queue", "routing_key": .string(binding.routingKey), "arguments": [:],
                ]
            })
        }
        return .object(document)
    }
}
