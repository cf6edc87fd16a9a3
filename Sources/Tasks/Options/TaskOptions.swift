public import CeleryCore
public import Schedules

/// How a task is run, where a message does not say otherwise. Defaults are Celery's.
///
/// A program has them in a comment of its first lines (see `TaskOptionLine`), a Swift
/// task in `static var options`.
public struct TaskOptions: Sendable, Hashable {
    /// How often the task may ask to be tried again; `nil` is without end.
    public var maxRetries: Int?
    /// How long to wait before it is tried again, when it does not say.
    public var retryDelay: Duration
    /// The time after which it is killed; `nil` leaves it to the settings.
    public var timeLimit: Duration?
    /// The time after which it is told to stop; `nil` leaves it to the settings.
    public var softTimeLimit: Duration?
    /// The queue it is sent to; `nil` is the default queue.
    public var queue: String?
    /// 0 to 255, higher runs earlier.
    public var priority: Int?
    /// Whether its return value is thrown away; `nil` leaves it to the settings.
    public var ignoreResult: Bool?
    public var acknowledgement: Acknowledgement
    /// Attempts that may lose their process before the task is given up; `nil` leaves it to the settings.
    public var crashLimit: Int?
    /// Bytes of output that are kept as the return value; `nil` leaves it to the settings.
    public var maxOutputBytes: Int?
    /// How often it may begin; `nil` leaves it to the settings.
    public var rateLimit: RateSetting?
    /// How many of it may run at once; `nil` is as many as there are children.
    public var concurrency: Int?
    /// The argument by whose value those are counted: a keyword, or the place of a positional one, from 0.
    public var concurrencyKey: String?
    /// When beat sends it by itself; `nil` is never.
    public var periodic: PeriodicOptions?

    /// What it may fail of and is tried again, without asking for it.
    public var autoretryFor: [RetryCause]
    /// Lets the wait before each retry grow: this long, then twice that, then four times. `nil` waits `retryDelay` each time.
    public var retryBackoff: Duration?
    /// The longest that `retryBackoff` grows to.
    public var retryBackoffMax: Duration
    /// Whether a wait that grows is a random part of its full length, so that what failed together is not tried together.
    public var retryJitter: Bool
    /// How long after it was submitted, or after its ETA, it is tried again; `nil` sets no end.
    public var retryUntil: Duration?
    /// Bytes of memory above which it is killed; `nil` leaves it to the settings.
    public var maxMemoryBytes: Int?

    /// When the broker may forget the message.
    public enum Acknowledgement: String, Sendable, Hashable, CaseIterable {
        /// After the task has ended: a task whose worker dies runs again.
        case late
        /// Before it begins: it runs at most once.
        case early
    }

    public init(
        maxRetries: Int? = 3, retryDelay: Duration = .seconds(180), timeLimit: Duration? = nil,
        softTimeLimit: Duration? = nil, queue: String? = nil, priority: Int? = nil, ignoreResult: Bool? = nil,
        acknowledgement: Acknowledgement = .late, crashLimit: Int? = nil, maxOutputBytes: Int? = nil,
        periodic: PeriodicOptions? = nil, autoretryFor: [RetryCause] = [], retryBackoff: Duration? = nil,
        retryBackoffMax: Duration = .seconds(600), retryJitter: Bool = true, retryUntil: Duration? = nil,
        maxMemoryBytes: Int? = nil, rateLimit: RateSetting? = nil, concurrency: Int? = nil, concurrencyKey: String? = nil
    ) {
        self.maxRetries = maxRetries
        self.retryDelay = retryDelay
        self.timeLimit = timeLimit
        self.softTimeLimit = softTimeLimit
        self.queue = queue
        self.priority = priority
        self.ignoreResult = ignoreResult
        self.acknowledgement = acknowledgement
        self.crashLimit = crashLimit
        self.maxOutputBytes = maxOutputBytes
        self.periodic = periodic
        self.autoretryFor = autoretryFor
        self.retryBackoff = retryBackoff
        self.retryBackoffMax = retryBackoffMax
        self.retryJitter = retryJitter
        self.retryUntil = retryUntil
        self.maxMemoryBytes = maxMemoryBytes
        self.rateLimit = rateLimit
        self.concurrency = concurrency
        self.concurrencyKey = concurrencyKey
    }
}
