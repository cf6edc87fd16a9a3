import CeleryAMQP
import CeleryCore
import RabbitMQ

// Which queues are taken from, and how that changes.
extension Subscription {
    /// Says how a queue is made that the settings do not name.
    func define(_ queue: QueueDefinition) { topology = topology.adding(queue) }

    /// By position.
    func weights(of selection: QueueSelection) -> [Int: Int] {
        var weights: [Int: Int] = [:]
        for (position, name) in selection.names.enumerated() { weights[position] = topology.settings.queueWeights[name] }
        return weights
    }

    /// Changes what is taken from, as `take` does.
    func select(
        _ change: (inout QueueSelection) -> Void, _ connection: Connection
    ) throws(RabbitMQError) -> RabbitMQError? {
        var selection = inbox.queues
        change(&selection)
        return selection == inbox.queues ? nil : try take(from: selection, connection)
    }

    /// Takes from the queues of a selection from now on; what is held of others goes back.
    ///
    /// - Returns: why a queue cannot be taken from; then nothing has changed.
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
        // The count is of the whole channel or of each consumer: for another kind of queue begin anew.
        if topology.sharesPrefetch(selection.wantedNames, serverVersion: connection.serverVersion) == sharesPrefetch {
            try applySelection(connection)
        } else {
            mustBeginAnew = true
        }
        return nil
    }

    /// Subscribes to what the selection says, and gives back what is held of other queues.
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

    /// Leaves queues that are paused, and comes back to those that are no more.
    func heedPauses(_ connection: Connection) throws(RabbitMQError) {
        // An answer would come behind the rest of a large message, perhaps too late.
        guard !connection.isReceiving else { return }
        let names = Set(inbox.commands.pauses(at: now()).keys)
        guard !names.isEmpty || !inbox.queues.paused.isEmpty else { return }
        // They were declared before: nothing is refused.
        _ = try select({ $0.pause(names) }, connection)
    }

    /// Whether its queue is one that is taken from. Where none was ever left, all are.
    func isOpen(_ delivery: IncomingDelivery) -> Bool {
        guard hasLeftQueues else { return true }
        let selection = inbox.queues
        return selection.position(of: delivery.consumer).map { selection.open.contains($0) } ?? true
    }
}
