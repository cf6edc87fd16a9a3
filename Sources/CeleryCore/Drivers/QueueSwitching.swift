/// Changing, while a worker works, which queues it takes from.
public protocol QueueSwitching: BrokerConsumer {
    /// Takes from this queue too from now on, also on later connections. One that is taken from already stays as it is.
    ///
    /// - Throws: `DriverError` when the broker refuses the queue; then nothing has changed.
    func add(_ queue: QueueDefinition) async throws

    /// Takes nothing more from this queue. What the worker has of it stays with the worker.
    ///
    /// - Throws: `DriverError` when the broker cannot be told.
    func remove(_ queue: String) async throws
}

/// Knowing whether there is work for more hands.
public protocol WaitingKnowing: BrokerConsumer {
    /// How many messages of this subscription are due and with no worker; counts no further than `most`.
    func waiting(upTo most: Int) async throws -> Int
}

/// Knowing what waits for its time.
public protocol ScheduleKnowing: BrokerConsumer {
    /// Messages of this subscription whose time has not come, those due first first; no more than `most`.
    ///
    /// On a broker that keeps them itself they are nobody's yet, and every worker of their queue tells of them.
    func scheduled(upTo most: Int) async throws -> [Message]
}
