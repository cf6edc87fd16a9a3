import CeleryCore

/// Exchanges, queues and bindings that outlive a restart of the broker, as Celery declares them.
///
/// Those of remote control and events come and go with the workers, who declare them themselves.
struct BrokerObjects: Sendable, Hashable {
    var exchanges: [Exchange] = []
    var queues: [Queue] = []
    var bindings: [Binding] = []

    /// Durable, as all of them are.
    struct Exchange: Sendable, Hashable {
        var name: String
        var type: String
    }

    /// Durable, neither exclusive nor deleted with its last consumer.
    struct Queue: Sendable, Hashable {
        var name: String
        /// `classic` or `quorum`.
        var type: String
        /// Of a priority queue, the highest.
        var maxPriority: Int?

        /// A classic queue is one of which nothing is said: that is how clients declare it again.
        var arguments: JSONObject {
            var arguments = JSONObject()
            if type != "classic" { arguments["x-queue-type"] = .string(type) }
            arguments["x-max-priority"] = maxPriority.map { .int(Int64($0)) }
            return arguments
        }
    }

    /// A queue that gets what is published to an exchange with a key.
    struct Binding: Sendable, Hashable {
        var exchange: String
        var queue: String
        var routingKey: String
    }

    var isEmpty: Bool { exchanges.isEmpty && queues.isEmpty && bindings.isEmpty }

    /// What a worker of these queues, and those who submit to them, declare on first use.
    static func wanted(_ definitions: [QueueDefinition]) -> BrokerObjects {
        var objects = BrokerObjects()
        for queue in definitions where !objects.queues.contains(where: { $0.name == queue.name }) {
            objects.queues.append(Queue(name: queue.name, type: queue.type.rawValue, maxPriority: queue.maxPriority))
            // Every queue is bound to the default exchange already, and nothing can change that.
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

    /// The definitions that RabbitMQ imports, which adds what is missing.
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
