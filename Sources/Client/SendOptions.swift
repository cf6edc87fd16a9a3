public import CeleryCore

/// How a message is sent, where it shall differ from the task's own options.
public struct SendOptions: Sendable {
    /// The id it gets; a new one by default.
    public var id: TaskID?
    /// Not before this time.
    public var eta: Timestamp?
    /// Not after this time.
    public var expires: Timestamp?
    public var queue: String?
    public var exchange: String?
    public var routingKey: String?
    /// 0 to 255; higher runs earlier.
    public var priority: Int?
    public var timeLimit: Duration?
    public var softTimeLimit: Duration?
    /// How often it may ask to be tried again.
    public var maxRetries: Int?
    /// How long it waits before that.
    public var retryDelay: Duration?
    /// Lets that wait grow: the first is so long, and each twice the one before; zero keeps it from growing.
    public var retryBackoff: Duration?
    /// The longest that it grows to.
    public var retryBackoffMax: Duration?
    /// Whether a wait that grows is a random part of its full length.
    public var retryJitter: Bool?
    /// When its tries end.
    public var retryUntil: RetryUntil?
    /// What it may fail of and is tried again without asking.
    public var autoretryFor: [RetryCause]?
    /// Bytes of memory above which it is killed.
    public var maxMemoryBytes: Int?
    /// The key by which it is counted, if the task limits its concurrency.
    public var concurrencyKey: String?
    public var ignoreResult: Bool?
    public var headers: JSONObject = [:]
    /// Sent with the return value on success.
    public var link: [Signature] = []
    /// Sent with the failed id on failure.
    public var linkError: [Signature] = []
    /// The group it is counted with.
    public var groupID: String?
    public var groupIndex: Int?

    public init() {}

    /// Sets the time before which it does not run, from now.
    public mutating func countdown(_ duration: Duration) { eta = .now + duration }
}
