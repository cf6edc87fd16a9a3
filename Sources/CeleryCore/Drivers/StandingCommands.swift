/// Revoking tasks, for workers of now and later.
public protocol Revoking: Broker {
    /// Whether results of messages that are removed go to `store` in the same step.
    func endsInto(_ store: any ResultStore) -> Bool

    /// Removes the messages that no worker has, and leaves the order for all others: to the workers there are, which
    /// learn of it at once, and to those that start before it ends.
    ///
    /// There may be many messages: they are removed some at a time, after the order was given.
    ///
    /// - Parameters:
    ///   - ending: The outcome of a message that is removed, whose attempt would have been this one.
    ///   - removed: told of each lot of messages that is gone.
    /// - Returns: what became of the ids that were named, and of messages that a worker has.
    /// - Throws: `DriverError`; then nothing is promised, and it may be ordered again. What `removed` throws.
    func revoke(
        _ revocations: [Revocation], ending: @escaping @Sendable (Message, _ attempt: Int) -> Outcome,
        removed: @Sendable ([RemovedMessage]) async throws -> Void
    ) async throws -> RevocationReport
}

/// A message that was removed for being revoked.
public struct RemovedMessage: Sendable {
    public var id: TaskID
    public var outcome: Outcome

    public init(id: TaskID, outcome: Outcome) {
        self.id = id
        self.outcome = outcome
    }
}

/// What became of the tasks that were revoked.
public struct RevocationReport: Sendable {
    /// Of the ids that were named, and of messages that a worker has, as far as the broker can tell.
    public var fates: [TaskID: Fate] = [:]
    /// Why a worker that starts later will not know of it; `nil` when it will.
    public var forgetful: String?

    /// What became of one.
    public enum Fate: Sendable, Equatable {
        /// It waited, and is removed.
        case removed
        /// A worker has it.
        case held
        /// It has ended.
        case finished
        /// Nobody has heard of it yet.
        case unknown
    }

    public init() {}
}

/// Stopping the flow from queues for a while.
public protocol QueuePausing: Broker {
    /// Has all workers take nothing from a queue, those of now and later, in place of an earlier pause of it.
    ///
    /// - Throws: `DriverError`; `unsupported` where the broker cannot keep it.
    func pause(_ queue: String, _ pause: QueuePause) async throws

    /// - Returns: whether it was paused.
    func resume(_ queue: String) async throws -> Bool

    /// Those that are paused now.
    func pausedQueues() async throws -> [String: QueuePause]
}

/// Showing what is ordered of workers to who only looks.
public protocol CommandShowing: QueuePausing {
    /// All that is in force, oldest first.
    ///
    /// - Throws: `DriverError`.
    func standingCommands() async throws -> StandingCommands
}

/// Learning what is ordered of workers.
public protocol CommandFollowing: BrokerConsumer {
    /// What is in force at the first call, and at each later one what was ordered since. One reader.
    ///
    /// The first call waits until all that was ordered before is known.
    func takeCommands() async throws -> StandingCommands

    /// Waits until there may be something new, or the task is cancelled.
    func waitForCommands() async throws
}

/// What is ordered of workers.
public struct StandingCommands: Sendable, Equatable {
    /// Those that are new, oldest first.
    public var revocations: [Revocation] = []
    /// All that are in force.
    public var pauses: [String: QueuePause] = [:]

    public init() {}
}

/// Holding messages until their time, before the worker takes them.
public protocol HoldingAhead: BrokerConsumer {
    /// Hands over those that wait here and match, whatever their time.
    func takeAhead(where matches: @Sendable (Message) -> Bool) async -> [Delivery]
}
