/// The stored result of a task: the meta document of Celery (`rpc-result-*` in `Tests/Golden`), and what our own commands add.
public struct TaskResult: Sendable, Equatable {
    public var id: TaskID
    public var state: TaskState
    /// The return value, or a custom state's data. `null` for failures.
    public var value: JSON
    /// The error, in the states FAILURE, RETRY and REVOKED.
    public var failure: TaskFailure?
    /// For a program: the tail of its stderr.
    public var traceback: String?
    /// Ids of tasks sent by this one, in Celery's nested form.
    public var children: [JSON]
    /// When the state became final.
    public var dateDone: Timestamp?
    public var groupID: String?
    public var parentID: TaskID?

    public var task: String?
    public var worker: String?
    public var queue: String?
    public var retries: Int
    /// Number of the execution that produced it, from 1.
    public var attempt: Int
    /// In the state STARTED: earlier executions known to have lost their process.
    public var crashes = 0
    /// The tail of a program's stderr.
    public var errorOutput: String?
    /// The queue in which the client waits for the result. Not stored.
    public var replyTo: String?
    /// Whether the sender or the task ignores the result: a failure is stored all the same, but no client waits for it. Not stored.
    public var isIgnored = false
    /// When that execution began.
    public var dateStarted: Timestamp?
    /// When the task was submitted, if the broker knows.
    public var submitted: Timestamp?
    /// The message, for stores that keep it with the result: see `RequestKeeping`. Not part of the document.
    public var request: Message?

    public init(id: TaskID, state: TaskState, value: JSON = .null, failure: TaskFailure? = nil) {
        self.id = id
        self.state = state
        self.value = value
        self.failure = failure
        children = []
        retries = 0
        attempt = 1
    }

    /// Whether a client waits for the result in a queue. Nobody waits for the start of a task.
    public var isAwaited: Bool { !isIgnored && state != .started && replyTo?.isEmpty == false }
}
