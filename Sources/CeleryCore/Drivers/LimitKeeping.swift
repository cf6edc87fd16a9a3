/// Letting tasks begin only so often, and so many at once, over all workers of the broker.
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
    /// Asks for deliveries of this consumer whether they may begin.
    ///
    /// Those that may hold their place as long as their lease stands. The others are not this worker's any more: the
    /// broker keeps them, as never tried, and a later `take` hands them over, in order, when they may begin.
    ///
    /// - Returns: for each of them whether it may begin.
    /// - Throws: `DriverError`; then nothing has changed.
    func admit(_ deliveries: [(handle: DeliveryHandle, limit: TaskLimit)]) async throws -> [Bool]

    /// Takes a piece of the waiting messages that a revocation covers, whatever their turn: they must not run.
    ///
    /// - Returns: none when none is left.
    func takeWaiting(_ revocations: [Revocation]) async throws -> [Delivery]

    /// Frees the places that outcomes kept. Those of others stay.
    func leaveSlots(_ handles: [DeliveryHandle]) async throws

    /// Says what rates the options of tasks name; `nil` is none. What an operator has said since they were told last
    /// stays, unless the options have changed.
    func announce(rates: [String: RateLimit?]) async throws

    /// Changes the rate of a task for all workers; `nil` takes it away. Those that wait for it wait no longer than the new one says.
    func setRate(_ rate: RateLimit?, of task: String) async throws
}

/// Telling what a waiting message waits for.
public protocol LimitReporting: Broker {
    /// - Returns: `nil` when it waits for no limit.
    func limitWait(of id: TaskID) async throws -> LimitWait?
}

/// Keeping a delivery back until a time, without a worker.
public protocol Postponing: BrokerConsumer {
    /// Gives deliveries back, as never tried, to be handed out again at about their time.
    ///
    /// - Returns: for each whether it was still this worker's.
    func postpone(_ deliveries: [Postponement]) async throws -> [Bool]
}

/// A delivery that is to come again later.
public struct Postponement: Sendable, Equatable {
    public var handle: DeliveryHandle
    /// When it is to come again.
    public var until: Timestamp
    /// Since when it waits: the delivery that comes then says so.
    public var since: Timestamp

    public init(_ handle: DeliveryHandle, until: Timestamp, since: Timestamp) {
        self.handle = handle
        self.until = until
        self.since = since
    }
}
