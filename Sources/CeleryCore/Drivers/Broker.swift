/// Keeps messages until a worker settles them.
///
/// The small core that every driver has. What only some can do is a protocol of its
/// own (`QueueCounting`, `QueuePurging`, ...); ask with `power(_:of:)`.
public protocol Broker: Sendable {
    /// The URL as a person may see it, without its password.
    var location: String { get }

    /// Stores the messages, and returns when the broker has them for good.
    ///
    /// All or none on a broker with transactions.
    /// - Throws: `DriverError`; then nothing may be taken as accepted but what the error says was.
    func publish(_ messages: [Message]) async throws

    /// Subscribes a worker to queues.
    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer

    /// Lets go of the connection. Deliveries that were not settled go back.
    func close() async
}

/// One worker's subscription.
public protocol BrokerConsumer: Sendable {
    /// Takes what is due now, up to `maximum`, highest priority first. Does not wait.
    ///
    /// Each delivery is leased to this worker until it is settled, returned, or the worker dies.
    func take(_ maximum: Int) async throws -> [Delivery]

    /// Waits until `take` may find something new, or `deadline` passes, or the task is cancelled.
    func waitForWork(until deadline: ContinuousClock.Instant?) async throws

    /// Follow-ups published, delivery acknowledged, in that order.
    ///
    /// A late outcome, whose attempt is no longer this worker's, is dropped.
    /// - Returns: for each outcome whether it counted.
    @discardableResult
    func settle(_ outcomes: [Outcome]) async throws -> [Bool]

    /// Gives deliveries back. Those `started` keep the count of their attempt; the others were never tried.
    func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws

    /// Gives deliveries back whose child died over them. The crash counts, as well as the attempt.
    func giveBack(crashed handles: [DeliveryHandle]) async throws

    /// Ends the subscription and gives back what is still leased, as never tried.
    func close() async
}

extension BrokerConsumer {
    /// For brokers that count no crashes, an execution is all that is counted.
    public func giveBack(crashed handles: [DeliveryHandle]) async throws { try await giveBack(handles, started: true) }
}
