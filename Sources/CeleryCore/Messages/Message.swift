/// One request to run a task, with its arguments still encoded.
///
/// The fields are the headers and properties of Celery's protocol 2 (see the `Wire` room); messages of protocol 1 are converted
/// when read.
public struct Message: Sendable, Equatable {
    public var id: TaskID
    /// The registered name of the task, e.g. `thumbs.tasks.make`.
    public var task: String
    /// Encoded arguments and canvas.
    public var body: MessageBody

    /// Do not run before this time.
    public var eta: Timestamp?
    /// Do not run after this time.
    public var expires: Timestamp?
    /// Number of retries so far.
    public var retries: Int
    /// Seconds after which the task is killed.
    public var hardTimeLimit: Double?
    /// Seconds after which the task is asked to stop.
    public var softTimeLimit: Double?
    /// `nil` uses the task's own option.
    public var ignoreResult: Bool?
    /// Usually 0 to 9, up to 255; higher runs earlier.
    public var priority: Int?

    public var groupID: String?
    public var groupIndex: Int?
    /// The first task of the workflow; `nil` means this one.
    public var rootID: TaskID?
    /// The task that sent this one.
    public var parentID: TaskID?
    /// Name shown in logs in place of `task`.
    public var shadow: String?
    /// The sender, e.g. `gen4711@host`.
    public var origin: String?
    /// Python's `repr` of the arguments, for logs and events.
    public var argsRepr: String?
    public var kwargsRepr: String?

    public var route: Route
    /// Reply queue for an rpc result.
    public var replyTo: String?
    public var correlationID: String?
    /// `false` asks the broker to hold the message in memory only.
    public var isPersistent: Bool
    /// All other headers, unchanged.
    public var headers: JSONObject

    public init(id: TaskID = TaskID(), task: String, body: MessageBody) {
        self.id = id
        self.task = task
        self.body = body
        retries = 0
        route = Route()
        isPersistent = true
        headers = JSONObject()
    }

    /// Header that counts attempts where the broker does not: the number of earlier attempts.
    package static let attemptsHeader = "celery_attempt"

    /// Removes and returns the count of earlier attempts. Without the header, each retry counts as one.
    package mutating func takeAttempts() -> Int {
        let told = headers[Self.attemptsHeader]
        if told != nil { headers[Self.attemptsHeader] = nil }
        // Clamp the value: anybody may have written it.
        return min(max(0, told?.intValue ?? retries), Int(Int32.max))
    }

    /// The message after this number of attempts. Without the header, a message has as many attempts as retries.
    package func counting(attempts: Int) -> Message {
        guard attempts != retries else { return self }
        var message = self
        message.headers[Self.attemptsHeader] = .int(Int64(attempts))
        return message
    }

    /// The message routed to its queue directly, whatever exchange it came by.
    ///
    /// Returned messages take this route: the exchange would copy them to every other queue bound to it.
    public var backToItsQueue: Message {
        var message = self
        message.route = Route(queue: route.queue)
        return message
    }
}

/// The encoded arguments of a message.
public struct MessageBody: Sendable, Equatable {
    public var bytes: [UInt8]
    /// `application/json`, or what the sender chose.
    public var contentType: String
    /// `utf-8`; `nil` when the sender did not set it.
    public var contentEncoding: String?
    /// The `compression` header, e.g. `application/x-gzip`; `nil` when uncompressed.
    public var compression: String?

    public init(
        bytes: [UInt8], contentType: String = "application/json", contentEncoding: String? = "utf-8",
        compression: String? = nil
    ) {
        self.bytes = bytes
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.compression = compression
    }
}

/// Where a message is sent.
public struct Route: Sendable, Hashable {
    /// The queue name, for brokers and senders that address queues.
    public var queue: String
    /// An exchange other than the default one.
    public var exchange: String?
    public var routingKey: String?

    /// Celery's default queue.
    public static let defaultQueue = "celery"

    public init(queue: String = defaultQueue, exchange: String? = nil, routingKey: String? = nil) {
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
    }
}
