import CRabbitMQ

// Removing messages and queues.
extension Connection {
    /// Deletes the waiting messages. Returns their number. The corresponding C function is `amqp_queue_purge`.
    ///
    /// Takes them one by one where the server's own purge does harm.
    package func purge(_ queue: String, on channel: UInt16) throws(RabbitMQError) -> Int {
        guard abilities.has(.safeRemoval) else { return try drain(queue, on: channel) }
        try check("queue", queue)
        defer { scratch.reset() }
        let answer = library.calls.amqp_queue_purge(state, channel, scratch.bytes(queue))
        try checkReply("purge queue '\(queue)'")
        return Int(answer?.pointee.message_count ?? 0)
    }

    /// Takes the messages that wait now.
    private func drain(_ queue: String, on channel: UInt16) throws(RabbitMQError) -> Int {
        let most = try declare(QueueDeclaration(queue), isPassive: true, on: channel).messages
        var count = 0
        while count < most, let delivery = try get(queue, on: channel) {
            try acknowledge(delivery.tag, isMultiple: false, on: channel)
            count += 1
        }
        return count
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
