/// Stores the state and result of each task id.
public protocol ResultStore: Sendable {
    /// The URL for display, without its password.
    var location: String { get }

    /// Stores results. A final result is never overwritten by that of an earlier attempt.
    func store(_ results: [TaskResult]) async throws

    /// Stored results; ids without a record are absent.
    func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult]

    /// Deletes results. Returns their number.
    func forget(_ ids: [TaskID]) async throws -> Int

    func close() async
}

/// Waiting for results without polling.
public protocol ResultWatching: ResultStore {
    /// Waits until a result may have been stored since `mark`, or the deadline passes.
    ///
    /// Take a mark first, look, then wait: no change in between is missed.
    func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws
    func mark() async -> ResultMark
}

/// A moment in the life of a result store.
public struct ResultMark: Sendable, Hashable {
    public var number: UInt64
    public init(number: UInt64) { self.number = number }
}

/// Deleting expired results.
public protocol ResultExpiring: ResultStore {
    /// Deletes expired results, at most `limit`. Returns their number.
    func dropExpired(now: Timestamp, limit: Int) async throws -> Int
}

/// Listing new results, for clients that wait for many.
public protocol ResultFeeding: ResultStore {
    /// The current end of the feed.
    func feedPosition() async throws -> Int64
    /// Ids whose results were stored after `position`, oldest first, and the next position.
    ///
    /// Only an optimization: a waiting client still looks for each id now and then.
    func changes(after position: Int64) async throws -> (ids: [TaskID], position: Int64)
}

/// Never replacing a final result, nor a newer attempt by an older one, in whatever order they arrive.
public protocol ResultRefining: ResultStore {}

/// Storing that a task is revoked before a worker has confirmed it.
///
/// Such a result has the attempt number 0. It is final for waiting clients, but the result of any attempt replaces it: if the
/// task had begun anyway, its outcome counts.
public protocol RevocationAnnouncing: ResultRefining {}

/// Sending results to the waiting client instead of storing them for all.
public protocol ResultAnswering: ResultStore {
    /// Where results of tasks sent from here go: the `reply_to` of their messages.
    var replyAddress: String { get }
}

/// Keeping the message with its result, so that a task can be listed with its arguments and sent again.
///
/// Such a store reads `TaskResult.request`; a store in the broker's own file takes the message from there.
public protocol RequestKeeping: ResultStore {
    /// The messages of tasks whose arguments were kept, as they were last sent: a retried task's message has its count of
    /// retries. Others are absent.
    func requests(for ids: [TaskID]) async throws -> [TaskID: Message]
}
