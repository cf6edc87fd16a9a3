import CeleryAMQP
import CeleryCore
import RabbitMQ

// Selection of the consumed queues.
extension Subscription {
    /// Defines how to declare a queue that the settings do not name.
    func define(_ queue: QueueDefinition) { topology = topology.adding(queue) }

    /// Weights by position.
    func weights(of selection: QueueSelection) -> [Int: Int] {
        var weights: [Int: Int] = [:]
        for (position, name) in selection.names.enumerated() { weights[position] = topology.settings.queueWeights[name] }
        return weights
    }

    /// Changes the selection; see `take`.
    func select(
        _ change: (inout QueueSelection) -> Void, _ connection: Connection
    ) throws(RabbitMQError) -> RabbitMQError? {
        var selection = inbox.queues
        change(&selection)
        return selection == inbox.queues ? nil : try take(from: selection, connection)
    }

    /// Consumes the queues of a selection from now on; held deliveries of other queues are returned.
    ///
    /// - Returns: Why a queue cannot be consumed; then nothing has changed.
    func take(from selection: QueueSelection, _ connection: Connection) throws(RabbitMQError) -> RabbitMQError? {
        let before = inbox.queues
        do throws(RabbitMQError) {
            try connection.withChannel(Self.spareChannel) { () throws(RabbitMQError) in
                for queue in selection.wantedNames where !before.wantedNames.contains(queue) {
                    try topology.declare(queue, connection, on: Self.spareChannel)
                }
            }
        } catch {
            guard case .refused = error.code else { throw error }
            return error
        }
        inbox.select(selection)
        consumers.weights = weights(of: selection)
        // The prefetch count belongs to the channel or to each consumer; switching between the two needs a new subscription.
        if topology.sharesPrefetch(selection.wantedNames, at: connection.abilities) == sharesPrefetch {
            try applySelection(connection)
        } else {
            mustBeginAnew = true
        }
        return nil
    }

    /// Applies the selection, and returns held deliveries of other queues.
    private func applySelection(_ connection: Connection) throws(RabbitMQError) {
        handOver()
        let selection = inbox.queues
        let change = consumers.select(selection.open)
        if !change.cancel.isEmpty { hasLeftQueues = true }
        for consumer in change.cancel { try connection.cancel(consumer: consumer.tag, on: Self.channel) }
        let open = Set(selection.open)
        let tags = inbox.withQueue { queue in
            queue.pop { delivery in selection.position(of: delivery.consumer).map { !open.contains($0) } ?? false }
        }
        if !tags.isEmpty { try end(tags, .giveBack, connection) }
        for consumer in change.add { try subscribe(consumer, connection) }
    }

    /// Leaves paused queues and rejoins resumed ones.
    func heedPauses(_ connection: Connection) throws(RabbitMQError) {
        // The answer would come after the rest of a large message, perhaps too late.
        guard !connection.isReceiving else { return }
        let names = Set(inbox.commands.pauses(at: now()).keys)
        guard !names.isEmpty || !inbox.queues.paused.isEmpty else { return }
        // The queues were declared before, so the server refuses none.
        _ = try select({ $0.pause(names) }, connection)
    }

    /// Whether the delivery's queue is consumed. While no queue was ever left, all are.
    func isOpen(_ delivery: IncomingDelivery) -> Bool {
        guard hasLeftQueues else { return true }
        let selection = inbox.queues
        return selection.position(of: delivery.consumer).map { selection.open.contains($0) } ?? true
    }
}
