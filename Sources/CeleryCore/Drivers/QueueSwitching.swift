/// Changing, while it lasts, what a subscription takes from.
public protocol QueueSwitching: BrokerConsumer {
    /// The queues it takes from, in the order they were named.
    var consumedQueues: [String] { get }

    /// Takes from these queues and from no others from now on, over later connections too. What it holds of others, and
    /// the worker has not taken, goes back; what the worker has is the worker's to settle or to give back.
    ///
    /// - Throws: `DriverError`; then it takes from the same queues as before.
    func consume(from queues: [String]) async throws

    /// Says how a queue is made that the settings do not name, before it is taken from.
    func define(_ queue: QueueDefinition) async
}

extension QueueSwitching {
    /// Takes from this queue too from now on. One that is taken from already stays as it is.
    ///
    /// - Throws: `DriverError` when the broker refuses the queue; then nothing has changed.
    package func add(_ queue: QueueDefinition) async throws {
        guard !consumedQueues.contains(queue.name) else { return }
        await define(queue)
        try await consume(from: consumedQueues + [queue.name])
    }

    /// Takes nothing more from this queue. What the worker has of it stays with the worker.
    ///
    /// - Throws: `DriverError` when the broker cannot be told.
    package func remove(_ queue: String) async throws {
        try await consume(from: consumedQueues.filter { $0 != queue })
    }
}

/// Knowing whether there is work for more hands.
public protocol WaitingKnowing: BrokerConsumer {
    /// How many messages of this subscription are due, with no worker, and may begin as far as the broker can tell:
    /// those of paused queues may not. Counts no further than `most`.
    ///
    /// - Parameter limits: By task those limits that are counted by its name alone, for brokers that keep limits.
    func waiting(upTo most: Int, within limits: [String: TaskLimit]) async throws -> Int

    /// Whether all that it counts is due; else some of it may have to wait for its time.
    var seesWhatIsDue: Bool { get }
}

/// Knowing what waits for its time.
public protocol ScheduleKnowing: BrokerConsumer {
    /// Messages of this subscription whose time has not come, those due first first; no more than `most`.
    ///
    /// On a broker that keeps them itself they are nobody's yet, and every worker of their queue tells of them.
    func scheduled(upTo most: Int) async throws -> [Message]
}
