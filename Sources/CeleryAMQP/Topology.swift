package import CeleryCore
package import RabbitMQ

/// Exchanges, queues and bindings, exactly as Python Celery declares them: a declaration with other flags than
/// those of an existing queue closes the channel (`amqp-session-*` in `Tests/Golden`).
package struct Topology: Sendable {
    package private(set) var settings: Settings

    package init(_ settings: Settings) { self.settings = settings }

    /// A copy with one more queue, which overrides the settings.
    package func adding(_ queue: QueueDefinition) -> Topology {
        var copy = self
        copy.settings.queueDefinitions[queue.name] = queue
        return copy
    }

    /// The queues in the settings that are bound to this exchange.
    package func queues(boundTo exchange: String) -> [String] {
        settings.queueDefinitions.values.filter { $0.exchange == exchange }.map(\.name).sorted()
    }

    /// Milliseconds after which the server deletes a temporary queue that nobody has consumed.
    private static let temporaryLife: Int64 = 60_000

    /// Declares the queue with its exchange and binding.
    package func declare(_ queue: String, _ connection: Connection, on channel: UInt16) throws(RabbitMQError) {
        let definition = settings.definition(of: queue)
        guard !definition.isTemporary else {
            try connection.declare(declaration(of: definition), on: channel)
            return
        }
        try connection.declare(exchange(of: definition), on: channel)
        try connection.declare(declaration(of: definition), on: channel)
        try connection.bindQueue(queue, to: definition.exchange, key: definition.routingKey, on: channel)
    }

    /// Declares the queue alone, for a server that has it already.
    package func declareQueue(_ queue: String, _ connection: Connection, on channel: UInt16) throws(RabbitMQError) {
        try connection.declare(declaration(of: settings.definition(of: queue)), on: channel)
    }

    /// Declares the same without waiting for the server's answer.
    func declareUnawaited(_ queue: String, _ connection: Connection, on channel: UInt16) throws(RabbitMQError) {
        let definition = settings.definition(of: queue)
        guard !definition.isTemporary else { return try connection.declareUnawaited(declaration(of: definition), on: channel) }
        try connection.declare(exchange(of: definition), isAwaited: false, on: channel)
        try connection.declareUnawaited(declaration(of: definition), on: channel)
        try connection.bindQueue(
            queue, to: definition.exchange, key: definition.routingKey, isAwaited: false, on: channel)
    }

    /// Binds queues with a topic or fanout exchange to the ladder: Python's clients delay messages for them there when
    /// any queue is a quorum queue.
    package func awaitDelayed(
        _ queues: [String], _ connection: Connection, on channel: UInt16, spareChannel: UInt16
    ) throws(RabbitMQError) {
        let definitions = queues.map(settings.definition)
        let delayed = definitions.filter { $0.exchangeType == "topic" || $0.exchangeType == "fanout" }
        guard !delayed.isEmpty, definitions.contains(where: { $0.type == .quorum }), connection.abilities.has(.arguments) else { return }
        // Python declares the ladder with quorum queues by default.
        try DelayLadder.declare(.quorum, connection, spareChannel: spareChannel)
        for definition in delayed { try DelayLadder.bind(definition, connection, on: channel) }
    }

    private func exchange(of definition: QueueDefinition) -> ExchangeDeclaration {
        ExchangeDeclaration(definition.exchange, type: definition.exchangeType)
    }

    private func declaration(of definition: QueueDefinition) -> QueueDeclaration {
        var declaration = QueueDeclaration(definition.name)
        // A queue declared without a type is classic.
        if definition.type == .quorum { declaration.arguments["x-queue-type"] = "quorum" }
        if definition.isTemporary {
            declaration.isAutoDeleted = true
            declaration.arguments["x-expires"] = .int(Self.temporaryLife)
        }
        if let priority = definition.maxPriority { declaration.arguments["x-max-priority"] = .int(Int64(priority)) }
        return declaration
    }

    /// Whether the queues can share the prefetch count of their channel. One prefetch count for a channel exists only in RabbitMQ from
    /// 3.3 to before 4.0, and never for quorum queues. Queues with different weights need separate counts.
    package func sharesPrefetch(_ queues: [String], at server: ServerAbilities) -> Bool {
        // A temporary queue must not change how a running worker consumes.
        let queues = queues.filter { !settings.definition(of: $0).isTemporary }
        guard server.product == "RabbitMQ" else { return false }
        let parts = server.version.split(separator: ".").map { Int($0) ?? 0 }
        guard parts.count >= 2, (parts[0], parts[1]) >= (3, 3), parts[0] < 4 else { return false }
        guard Set(queues.map { settings.queueWeights[$0] ?? 1 }).count < 2 else { return false }
        return queues.allSatisfy { settings.definition(of: $0).type == .classic }
    }
}
