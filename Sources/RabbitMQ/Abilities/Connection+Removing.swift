import CRabbitMQ

// Removing messages and queues.
extension Connection {
    /// Deletes the waiting messages. The corresponding C function is `amqp_queue_purge`.
    ///
    /// Takes them one by one where the server's own purge does harm, and some of them only: other callers wait for the connection.
    ///
    /// - Parameter most: How many to delete, where they are taken one by one; `nil` for those that wait now.
    /// - Returns: How many it deleted, and how many another call is to delete.
    package func purge(_ queue: String, most: Int? = nil, on channel: UInt16) throws(RabbitMQError) -> (count: Int, rest: Int) {
        guard abilities.has(.safeRemoval) else { return try drain(queue, most, on: channel) }
        try check("queue", queue)
        defer { scratch.reset() }
        let answer = library.calls.amqp_queue_purge(state, channel, scratch.bytes(queue))
        try checkReply("purge queue '\(queue)'")
        return (Int(answer?.pointee.message_count ?? 0), 0)
    }

    /// Takes messages, no more at a time than even a slow link carries in a few seconds.
    private func drain(_ queue: String, _ most: Int?, on channel: UInt16) throws(RabbitMQError) -> (count: Int, rest: Int) {
        let most = if let most { most } else { try declare(QueueDeclaration(queue), isPassive: true, on: channel).messages }
        var count = 0
        while count < min(most, 1_000) {
            guard let delivery = try get(queue, on: channel) else { return (count, 0) }
            try acknowledge(delivery.tag, isMultiple: false, on: channel)
            count += 1
        }
        return (count, most - count)
    }

    /// The corresponding C function is `amqp_queue_delete`.
    ///
    /// - Parameter ifUnused: Whether a queue with consumers is refused.
    package func deleteQueue(_ queue: String, ifUnused: Bool = false, on channel: UInt16) throws(RabbitMQError) {
        try check("queue", queue)
        if ifUnused, !abilities.has(.safeRemoval) {
            // The server would refuse, and delete the queue all the same.
            let state = try declare(QueueDeclaration(queue), isPassive: true, on: channel)
            if state.consumers > 0 { return }
        }
        defer { scratch.reset() }
        _ = library.calls.amqp_queue_delete(state, channel, scratch.bytes(queue), ifUnused ? 1 : 0, 0)
        try checkReply("delete queue '\(queue)'")
    }
}
