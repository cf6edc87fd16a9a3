/// Changing, while it lasts, what a subscription takes from.
public protocol QueueSwitching: BrokerConsumer {
    /// The queues it takes from, in the order they were named.
    var consumedQueues: [String] { get }

    /// Takes from these queues and from no others from now on, over later connections too. What it holds of others, and
    /// the worker has not taken, goes back; what the worker has is the worker's to settle or to give back.
    ///
    /// - Throws: `DriverError`; then it takes from the same queues as before.
    func consume(from queues: [String]) async throws
}
