package import CeleryCore
package import RabbitMQ

/// The queue of dead letters, `celery.dead`.
///
/// It is bound to a fanout exchange of the same name, so that policies of operators can let other queues' dead
/// letters come here too; RabbitMQ writes down on those why it did that. Nothing in it expires of itself.
package struct DeadLetterQueue: Sendable {
    package static let name = "celery.dead"
    package static let exchange = ExchangeDeclaration(name, type: "fanout")

    package let queue: QueueDeclaration
    /// Held by every reader of letters: letters read by one connection are invisible to others.
    package let lock: QueueDeclaration

    package init(type: QueueDefinition.QueueType) {
        var queue = QueueDeclaration(Self.name)
        // Always explicit: the virtual host may have another default.
        queue.arguments["x-queue-type"] = type == .quorum ? "quorum" : "classic"
        // RabbitMQ 4 drops a message requeued twenty times from a quorum queue; every look at the queue requeues.
        if type == .quorum { queue.arguments["x-delivery-limit"] = .int(Int64(Int32.max)) }
        self.queue = queue
        var lock = QueueDeclaration(Self.name + ".lock")
        lock.isDurable = false
        lock.isExclusive = true
        lock.arguments["x-queue-type"] = "classic"
        self.lock = lock
    }

    /// Declares the queue and the exchange, each on a channel of its own, which a refusal closes.
    ///
    /// Existing objects declared with other arguments are acceptable. Publishing detects a missing queue.
    package func declare(_ connection: Connection, spareChannel channel: UInt16) throws(RabbitMQError) {
        try attempt(connection, channel) { () throws(RabbitMQError) in try connection.declare(queue, on: channel) }
        try attempt(connection, channel) { () throws(RabbitMQError) in
            try connection.declare(Self.exchange, on: channel)
            try connection.bindQueue(queue.name, to: Self.exchange.name, key: "", on: channel)
        }
    }

    private func attempt(
        _ connection: Connection, _ channel: UInt16, _ body: () throws(RabbitMQError) -> Void
    ) throws(RabbitMQError) {
        do throws(RabbitMQError) {
            try connection.withChannel(channel, body)
        } catch {
            guard case .refused = error.code else { throw error }
        }
    }
}
