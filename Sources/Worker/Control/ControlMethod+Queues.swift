import CeleryCore

extension ControlMethod {
    /// Commands about the queues that the worker consumes from.
    static let queueCommands = [
        ControlMethod("add_consumer") { shift, arguments in
            let arguments = ControlArguments("add_consumer", arguments)
            let queue = try shift.definition(arguments)
            try await shift.startConsuming(from: queue)
            return ["ok": .string("add consumer \(queue.name)")]
        },
        ControlMethod("cancel_consumer") { shift, arguments in
            let name = try ControlArguments("cancel_consumer", arguments).text("queue")
            try await shift.stopConsuming(from: name)
            return ["ok": .string("no longer consuming from \(name)")]
        },
    ]
}

extension Shift {
    /// The queue that the arguments describe. For a queue in the settings, the settings take precedence.
    fileprivate func definition(_ arguments: ControlArguments) throws(ControlError) -> QueueDefinition {
        let name = try arguments.text("queue")
        if let rule = BrokerName.queue.rule(brokenBy: name) { throw .value("not the name of a queue: write \(rule)") }
        var queue = configuration.facts.queues[name] ?? QueueDefinition(name)
        guard configuration.facts.queues[name] == nil else { return queue }
        if let exchange = try arguments.optionalText("exchange"), !exchange.isEmpty { queue.exchange = exchange }
        if let type = try arguments.optionalText("exchange_type"), !type.isEmpty {
            guard ["direct", "topic", "fanout", "headers"].contains(type) else { throw .value("unknown exchange type: \(type)") }
            queue.exchangeType = type
        }
        if let key = try arguments.optionalText("routing_key"), !key.isEmpty { queue.routingKey = key }
        let known = ["queue", "exchange", "exchange_type", "routing_key"]
        if let other = arguments.members.keys.first(where: { !known.contains($0) && arguments[$0] != nil }) {
            throw .type("add_consumer() got an unexpected keyword argument '\(other)'")
        }
        return queue
    }

    fileprivate func startConsuming(from queue: QueueDefinition) async throws {
        try await switching.add(queue)
        if !queues.contains(where: { $0.name == queue.name }) { queues.append(queue) }
        log.commanded("Consuming from queue \(queue.name) by remote control")
        room.ring()
    }

    fileprivate func stopConsuming(from name: String) async throws {
        try await switching.remove(name)
        queues.removeAll { $0.name == name }
        log.commanded("No longer consuming from queue \(name) by remote control")
    }

    private var switching: any QueueSwitching {
        get throws(ControlError) {
            guard let switching = powers.switching else { throw .value("this broker cannot change the queues of a worker") }
            return switching
        }
    }
}
