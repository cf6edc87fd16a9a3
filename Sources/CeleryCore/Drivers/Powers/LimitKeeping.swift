/// Enforcing rate and concurrency limits over all workers of the broker.
///
/// There are three keepers of limits, and what they share is written once: the arithmetic of rates is `TokenTime`.
///
/// - A broker that conforms to this, as SQLite's (`LimitTable`, `RateTable`), keeps the messages that wait, so it counts for
///   all workers and needs no expiry: a slot ends with the lease of its message, in the same transaction.
/// - A result store that conforms to `SlotKeeping` (`LentSlotTable`) knows no message of the broker it stands beside: it only
///   counts slots, and since no lease tells it of a worker that died, its slots expire unless they are renewed.
/// - `WorkerLimits` in the worker's memory serves brokers that keep nothing: it has to hold what waits itself, or postpone
///   it, because such a broker takes back what a worker keeps for too long.
public protocol LimitKeeping: BrokerConsumer {
    /// Asks whether deliveries of this consumer may start.
    ///
    /// An admitted delivery holds its slot as long as its lease. The others leave this worker: the broker stores them, as never
    /// tried, and a later `take` delivers them, in order, when they may start.
    ///
    /// - Returns: For each delivery, whether it may start.
    /// - Throws: `DriverError`; then nothing has changed.
    func admit(_ deliveries: [(handle: DeliveryHandle, limit: TaskLimit)]) async throws -> [Bool]

    /// Takes some of the waiting messages that the revocations cover, regardless of their turn: they must not run.
    ///
    /// They wait for their limits, or are ready although their ids are revoked: a worker was giving them back then.
    ///
    /// - Returns: An empty array when none is left.
    func takeWaiting(_ revocations: [Revocation]) async throws -> [Delivery]

    /// Frees the slots that outcomes kept. Slots of other workers stay.
    func leaveSlots(_ handles: [DeliveryHandle]) async throws

    /// Announces the rates in the options of tasks; `nil` means no rate. A rate set by remote control stays until the options
    /// change.
    func announce(rates: [String: RateLimit?]) async throws

    /// Sets or removes the rate of a task for all workers. Waiting messages wait no longer than the new rate requires.
    func setRate(_ rate: RateLimit?, of task: String) async throws
}

/// Reporting which limit a waiting message waits for.
public protocol LimitReporting: Broker {
    /// - Returns: `nil` when the message waits for no limit.
    func limitWait(of id: TaskID) async throws -> LimitWait?
}

/// Postponing a delivery without holding it in a worker.
public protocol Postponing: BrokerConsumer {
    /// Returns deliveries, as never tried, to be delivered again at about their time.
    ///
    /// - Returns: For each delivery, whether it was still this worker's.
    func postpone(_ deliveries: [Postponement]) async throws -> [Bool]
}

/// A delivery to be made again later.
public struct Postponement: Sendable, Equatable {
    public var handle: DeliveryHandle
    /// When to deliver the message again.
    public var until: Timestamp
    /// Since when the message waits; its next delivery carries this time, if its worker keeps it waiting for limits itself.
    public var since: Timestamp
    /// Tasks whose end may bring the message back earlier, where the broker learns of it.
    public var after: [TaskID] = []

    public init(_ handle: DeliveryHandle, until: Timestamp, since: Timestamp) {
        self.handle = handle
        self.until = until
        self.since = since
    }
}
