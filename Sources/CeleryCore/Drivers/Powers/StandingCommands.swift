/// Revoking tasks, for current and future workers.
public protocol Revoking: Broker {
    /// Whether removing messages stores their results in `store` in the same step.
    func endsInto(_ store: any ResultStore) -> Bool

    /// Removes the messages that no worker holds, and stores a command for the others: current workers learn of it at once, and
    /// workers that start before it ends learn of it then.
    ///
    /// There may be many messages: they are removed some at a time, after the command is stored.
    ///
    /// - Parameters:
    ///   - ending: Returns the outcome of a removed message; `attempt` is the number its next attempt would have had.
    ///   - removed: Called with each batch of removed messages.
    /// - Returns: The fates of the named ids, and of messages held by workers.
    /// - Throws: `DriverError`; then nothing is guaranteed, and the call may be repeated. Errors of `removed`.
    func revoke(
        _ revocations: [Revocation], ending: @escaping @Sendable (Message, _ attempt: Int) -> Outcome,
        removed: @Sendable ([RemovedMessage]) async throws -> Void
    ) async throws -> RevocationReport
}

/// A message removed because it was revoked.
public struct RemovedMessage: Sendable {
    public var id: TaskID
    public var outcome: Outcome

    public init(id: TaskID, outcome: Outcome) {
        self.id = id
        self.outcome = outcome
    }
}

/// The result of revoking tasks.
public struct RevocationReport: Sendable {
    /// Fates of the named ids, and of messages held by workers, as far as the broker can tell.
    public var fates: [TaskID: Fate] = [:]
    /// Why workers that start later will not know the revocation; `nil` when they will.
    public var forgetful: String?

    /// The fate of one task.
    public enum Fate: Sendable, Equatable {
        /// It waited and was removed.
        case removed
        /// A worker has it.
        case held
        /// It has ended.
        case finished
        /// No message with this id is known.
        case unknown
    }

    public init() {}
}

/// Pausing queues.
public protocol QueuePausing: Broker {
    /// Makes all workers, current and future, take nothing from a queue. Replaces an earlier pause of the queue.
    ///
    /// - Throws: `DriverError`; `unsupported` where the broker cannot store the pause.
    func pause(_ queue: String, _ pause: QueuePause) async throws

    /// - Returns: Whether the queue was paused.
    func resume(_ queue: String) async throws -> Bool

    /// The paused queues.
    func pausedQueues() async throws -> [String: QueuePause]
}

/// Showing the standing commands of workers.
public protocol CommandShowing: QueuePausing {
    /// All commands in force, oldest first.
    ///
    /// - Throws: `DriverError`.
    func standingCommands() async throws -> StandingCommands
}

/// Following the standing commands of workers.
public protocol CommandFollowing: BrokerConsumer {
    /// The first call returns the commands in force, each later call the new ones. Supports one reader.
    ///
    /// The first call waits until all earlier commands are known.
    func takeCommands() async throws -> StandingCommands

    /// Waits until there may be a new command, or the task is cancelled.
    func waitForCommands() async throws
}

/// Standing commands for workers.
public struct StandingCommands: Sendable, Equatable {
    /// New revocations, oldest first.
    public var revocations: [Revocation] = []
    /// All pauses in force.
    public var pauses: [String: QueuePause] = [:]

    public init() {}
}

/// Holding messages until their ETA, before the worker takes them.
public protocol HoldingAhead: BrokerConsumer {
    /// Hands over held messages that match, whatever their ETA.
    func takeAhead(where matches: @Sendable (Message) -> Bool) async -> [Delivery]
}
