/// Keeps the state and result of each task id.
public protocol ResultStore: Sendable {
    /// The URL as a person may see it, without its password.
    var location: String { get }

    /// Records results. A final one is never overwritten by one of an earlier attempt.
    func store(_ results: [TaskResult]) async throws

    /// What is known; ids without a record are absent.
    func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult]

    /// Drops results. Returns how many there were.
    func forget(_ ids: [TaskID]) async throws -> Int

    func close() async
}

/// Waiting for results without polling.
public protocol ResultWatching: ResultStore {
    /// Waits until a result may have been stored since `mark`, or the deadline passes.
    ///
    /// Take a mark first, look, then wait for the mark: nothing between is missed.
    func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws
    func mark() async -> ResultMark
}

/// A moment in the life of a result store.
public struct ResultMark: Sendable, Hashable {
    public var number: UInt64
    public init(number: UInt64) { self.number = number }
}

/// Dropping what nobody will ask for any more.
public protocol ResultExpiring: ResultStore {
    /// Drops results whose time is over, at most `limit`. Returns how many.
    func dropExpired(now: Timestamp, limit: Int) async throws -> Int
}

/// Telling which results are new, for those who wait for many.
public protocol ResultFeeding: ResultStore {
    /// Where the feed stands now.
    func feedPosition() async throws -> Int64
    /// Ids whose result was stored after `position`, oldest first, and the position to go on from.
    ///
    /// A hint for speed: who waits still looks for each id now and then.
    func changes(after position: Int64) async throws -> (ids: [TaskID], position: Int64)
}

/// Never replacing what is final, nor a newer attempt by an older one, in whatever order they come.
public protocol ResultRefining: ResultStore {}

/// Keeping that a task is revoked before any worker has confirmed it.
///
/// Such a result has the attempt 0. For those who wait it is final, and it gives way to the result of any attempt: of
/// a task that had begun all the same, what it came to counts.
public protocol RevocationAnnouncing: ResultRefining {}

/// Sending results to whoever waits, instead of keeping them for all.
public protocol ResultAnswering: ResultStore {
    /// Where results of tasks sent from here are to go: the `reply_to` of their messages.
    var replyAddress: String { get }
}
