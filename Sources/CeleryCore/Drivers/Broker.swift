/// Stores messages until a worker settles them.
///
/// The small core that every driver implements. Optional capabilities are separate protocols (`QueueCounting`,
/// `QueuePurging`, ...); test for one with `as?`.
public protocol Broker: Sendable {
    /// The URL for display, without its password.
    var location: String { get }

    /// Publishes the messages. Returns when the broker has stored them durably.
    ///
    /// All or none on a broker with transactions.
    ///
    /// - Throws: `DriverError`; only messages that the error reports as confirmed were accepted.
    func publish(_ messages: [Message]) async throws

    /// Subscribes a worker to queues.
    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer

    /// Closes the connection. Unsettled deliveries are requeued.
    func close() async
}

/// One worker's subscription.
public protocol BrokerConsumer: Sendable {
    /// Takes due messages, up to `maximum`, highest priority first. Does not wait.
    ///
    /// Each delivery is leased to this worker until it is settled, returned, or the worker dies.
    func take(_ maximum: Int) async throws -> [Delivery]

    /// Waits until `take` may find something new, or `deadline` passes, or the task is cancelled.
    func waitForWork(until deadline: ContinuousClock.Instant?) async throws

    /// Publishes follow-ups, then acknowledges the deliveries.
    ///
    /// An outcome whose attempt is no longer this worker's is dropped.
    ///
    /// - Returns: For each outcome, whether it counted.
    @discardableResult
    func settle(_ outcomes: [Outcome]) async throws -> [Bool]

    /// Returns deliveries. Those `started` keep the number of their attempt; others were never tried.
    func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws

    /// Returns deliveries whose child died while running them. The crash and the attempt are counted.
    func giveBack(crashed handles: [DeliveryHandle]) async throws

    /// Ends the subscription and returns the remaining leases, as never tried.
    func close() async
}

extension BrokerConsumer {
    /// Brokers that do not count crashes count only the execution.
    public func giveBack(crashed handles: [DeliveryHandle]) async throws { try await giveBack(handles, started: true) }
}
