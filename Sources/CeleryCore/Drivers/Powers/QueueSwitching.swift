/// Changing the queues of a running subscription.
public protocol QueueSwitching: BrokerConsumer {
    /// The consumed queues, in the order they were named.
    var consumedQueues: [String] { get }

    /// Consumes exactly these queues from now on, over later connections too. Deliveries of other queues that the worker has not
    /// taken are returned; the worker settles or returns those it has taken.
    ///
    /// - Throws: `DriverError`; then the consumed queues are unchanged.
    func consume(from queues: [String]) async throws

    /// Defines how to declare a queue that the settings do not name, before it is consumed.
    func define(_ queue: QueueDefinition) async
}

extension QueueSwitching {
    /// Consumes this queue too. A queue already consumed is left unchanged.
    ///
    /// - Throws: `DriverError` when the broker refuses the queue; then nothing has changed.
    package func add(_ queue: QueueDefinition) async throws {
        guard !consumedQueues.contains(queue.name) else { return }
        await define(queue)
        try await consume(from: consumedQueues + [queue.name])
    }

    /// Stops consuming this queue. The worker keeps the deliveries it has taken.
    ///
    /// - Throws: `DriverError` when the broker cannot be reached.
    package func remove(_ queue: String) async throws {
        try await consume(from: consumedQueues.filter { $0 != queue })
    }
}

/// Counting work for additional children.
public protocol WaitingKnowing: BrokerConsumer {
    /// Number of messages of this subscription that are due, held by no worker and, as far as the broker can tell, free to start;
    /// those of paused queues are not. Counts up to `most`.
    ///
    /// - Parameter limits: By task, the limits counted by task name alone, for brokers that enforce limits.
    func waiting(upTo most: Int, within limits: [String: TaskLimit]) async throws -> Int

    /// Whether all counted messages are due; otherwise some may be waiting for their ETA.
    var seesWhatIsDue: Bool { get }
}

/// Listing scheduled messages.
public protocol ScheduleKnowing: BrokerConsumer {
    /// Messages of this subscription that wait for their ETA, earliest first, at most `most`.
    ///
    /// On a broker that holds scheduled messages itself, every worker of the queue lists the same ones.
    func scheduled(upTo most: Int) async throws -> [Message]
}
