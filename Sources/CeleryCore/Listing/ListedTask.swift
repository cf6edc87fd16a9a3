/// A task as a broker or a result store lists it.
public struct ListedTask: Sendable {
    public var id: TaskID
    public var phase: TaskPhase
    public var task: String?
    public var queue: String?
    /// When it was last submitted, begun or ended.
    public var changed: Timestamp
    public var submitted: Timestamp?
    /// While it waits or runs: what the broker knows.
    public var location: MessageLocation?
    /// What the result store knows.
    public var result: TaskResult?
    /// Its message, if it is kept and readable.
    public var request: Message?
    /// Its arguments as a worker tells them, with secret values hidden: to be shown, not to be sent.
    public var arguments: TaskArguments?
    /// Orders the tasks of one list: greater is newer.
    public var position: Int64

    public init(id: TaskID, phase: TaskPhase, changed: Timestamp, position: Int64) {
        (self.id, self.phase, self.changed, self.position) = (id, phase, changed, position)
    }

    /// Joins what broker and result store say of the same task: the broker knows whether it waits or runs, the result store how
    /// it ended.
    public func joined(with result: ListedTask) -> ListedTask {
        var joined = result.phase.isOpen ? self : result
        // A worker that keeps a task does not tell whether it waits for its ETA or to be retried.
        if result.phase == .retry, location?.worker != nil, phase != .started { joined.phase = .retry }
        joined.location = location
        joined.result = result.result
        joined.request = request ?? result.request
        joined.arguments = arguments ?? result.arguments
        joined.task = task ?? result.task
        joined.queue = queue ?? result.queue
        joined.submitted = submitted ?? result.submitted
        joined.changed = max(changed, result.changed)
        return joined
    }
}

/// Listing the tasks that wait or run.
public protocol WaitingListing: Broker {
    /// The newest selected tasks whose messages this broker holds, newest first by `changed`.
    func waitingTasks(_ filter: TaskFilter, limit: Int) async throws -> [ListedTask]
}

/// Listing the tasks with a stored result.
public protocol ResultListing: ResultStore {
    /// Selected tasks by the last change of their result, newest first.
    ///
    /// - Parameter position: Only tasks before this one's position: the next page.
    func listedTasks(_ filter: TaskFilter, before position: Int64?, limit: Int) async throws -> [ListedTask]
}
