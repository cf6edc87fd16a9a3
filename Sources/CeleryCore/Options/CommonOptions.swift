/// Options that both a task and a call may set; the call takes precedence.
public struct CommonOptions: Sendable {
    /// Maximum number of retries; `nil` sets no limit.
    public let maxRetries = TaskOption(
        "max_retries", OptionKind<Int>.whole(0...Int.max, others: " or `unlimited`").or("unlimited", json: "unlimited"), default: 3,
        help: "Retry the task at most N times; `unlimited` sets no limit.")
    /// The wait before each retry.
    public let retryDelay = TaskOption(
        "retry_delay", OptionKind<Duration>.duration(zero: true), default: .seconds(180),
        help: "Wait this long before each retry.")
    /// Failures that are retried automatically.
    public let autoretryFor = TaskOption(
        "autoretry", OptionKind<[RetryCause]>.causes, default: [], fallback: .nothing, alias: "autoretry_for",
        help: "Retry the task when it fails with one of these: exit statuses, signals such as `SIGTERM`, names of errors such as `TimeoutError` for a time limit, `MemoryLimitExceeded` or `OutputTooLarge`, or `any`. Exit status 75 always asks for a retry.")
    /// The wait before the first retry, doubled for each further retry; `nil` waits `retryDelay` each time.
    public let retryBackoff = TaskOption(
        "retry_backoff", OptionKind<Duration?>.growth, default: nil,
        help: "Wait this long before the first retry (`yes` is one second), and twice as long before each further retry, instead of retry_delay.",
        callHelp: "Wait this many seconds before the first retry, and twice as long before each further retry; 0 waits retry_delay each time.")
    /// The longest wait that `retryBackoff` grows to.
    public let retryBackoffMax = TaskOption(
        "retry_backoff_max", OptionKind<Duration>.duration(), default: .seconds(600), fallback: .value("600s"),
        help: "Limit the wait of retry_backoff to this length.")
    /// Whether a growing wait is a random part of its full length, so that tasks that failed together are not retried together.
    public let retryJitter = TaskOption(
        "retry_jitter", OptionKind<Bool>.words(yes: ["full", "yes", "true"], no: ["none", "no", "false"]), default: true,
        help: "Wait a random part of the time that retry_backoff gives (`full`), or all of that time (`none`).")
    /// The end of retries: none starts later than this after the submission or, if that is later, the ETA.
    public let retryUntil = TaskOption(
        "retry_until", OptionKind<RetryUntil>.retryEnd,
        help: "Start no retry later than this after submission, or after the ETA; then the task fails with its last error.",
        callHelp: "Start no retry later than this after submission, or after the ETA, or later than TIME.")
    /// Bytes of memory above which the task is killed.
    public let maxMemoryBytes = TaskOption(
        "max_memory", OptionKind<Int>.bytes, fallback: .settings,
        help: "Kill the task when it and everything it started use more bytes of memory than this, such as 64m.",
        needsProcess: true)
    /// The time after which the task is killed.
    public let timeLimit = TaskOption(
        "time_limit", OptionKind<Duration>.duration(), fallback: .settings, help: "Kill the task after this time.",
        travel: .field(write: { $1.hardTimeLimit = $0?.inSeconds }, read: { limit($0.hardTimeLimit) }))
    /// The time after which the task is asked to stop.
    public let softTimeLimit = TaskOption(
        "soft_time_limit", OptionKind<Duration>.duration(), fallback: .settings,
        help: "Ask the task to stop after this time, which must be less than time_limit.",
        travel: .field(write: { $1.softTimeLimit = $0?.inSeconds }, read: { limit($0.softTimeLimit) }))
    /// The queue the task is sent to.
    public let queue = TaskOption(
        "queue", OptionKind<String>.queue, fallback: .settings, help: "Send the task to this queue.",
        travel: .field(write: { if let queue = $0 { $1.route.queue = queue } }),
        form: OptionForm(short: "Q", settings: ["CELERY_DEFAULT_QUEUE"]))
    /// 0 to 255; higher runs earlier.
    public let priority = TaskOption(
        "priority", OptionKind<Int>.whole(0...255), help: "Run the task earlier the higher N is, 0 to 255; with a Redis broker, the lower it is, 0 to 9.",
        travel: .field(write: { $1.priority = $0 }))
    /// The niceness of a program, 0 to 19; a worker that is nicer itself passes its own on.
    public let nice = TaskOption(
        "nice", OptionKind<Int>.whole(0...19),
        help: "Run a program at niceness N, 0 to 19: the higher N is, the more it yields to other processes. Tasks in Swift run at the niceness of their worker.",
        isForChild: true, needsProcess: true)
    /// Whether to discard the return value.
    public let ignoreResult = TaskOption(
        "ignore_result", OptionKind<Bool>.truth, fallback: .settings, help: "Do not store the return value.",
        travel: .field(write: { $1.ignoreResult = $0 }, read: { $0.ignoreResult.map(Optional.some) }), form: OptionForm(isFlag: true))
    /// For a task, the argument by whose value its concurrency is counted: a keyword, or the position of a positional argument,
    /// from 0. For a call, that value itself.
    public let concurrencyKey = TaskOption(
        "concurrency_key", OptionKind<String?>.countingKey, default: nil,
        help: "Count concurrency for each value of this argument: the name of a keyword argument, or the position of a positional one, from 0; `none` counts all together. A concurrency_key of the call replaces the value.",
        callHelp: "Count the task with others of this key, if the task limits its concurrency.", overrides: false)

    /// The only instance: options are compared by identity.
    package static let table = CommonOptions()

    private init() {}

    var rows: [any AnyTaskOption] {
        [
            maxRetries, retryDelay, autoretryFor, retryBackoff, retryBackoffMax, retryJitter, retryUntil, maxMemoryBytes, timeLimit,
            softTimeLimit, queue, priority, nice, ignoreResult, concurrencyKey,
        ]
    }

    /// A limit of a message. As in Python, 0 is no limit, and the task's own applies.
    private static func limit(_ seconds: Double?) -> Duration?? {
        seconds.flatMap { $0 > 0 ? .seconds($0.possibleSeconds) : nil }
    }
}
