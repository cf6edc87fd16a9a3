/// One request to run a task: who, what, when, and the arguments still encoded.
///
/// The fields are the headers and properties of Celery's protocol 2 (see the `Wire`
/// room); a message of protocol 1 is brought into this form when it is read.
public struct Message: Sendable, Equatable {
    public var id: TaskID
    /// The registered name of the task, e.g. `thumbs.tasks.make`.
    public var task: String
    /// Arguments and canvas, as they travel.
    public var body: MessageBody

    /// Not to be run before this time.
    public var eta: Timestamp?
    /// Not to be run after this time.
    public var expires: Timestamp?
    /// How often the task has asked to be tried again.
    public var retries: Int
    /// Seconds after which the task is killed.
    public var hardTimeLimit: Double?
    /// Seconds after which the task is told to stop.
    public var softTimeLimit: Double?
    /// `nil` leaves the choice to the task's own options.
    public var ignoreResult: Bool?
    /// 0 to 9 by habit, up to 255; higher runs earlier.
    public var priority: Int?

    public var groupID: String?
    public var groupIndex: Int?
    /// The first task of the workflow; `nil` means this one.
    public var rootID: TaskID?
    /// The task that sent this one.
    public var parentID: TaskID?
    /// Name shown in logs in place of `task`.
    public var shadow: String?
    /// Who sent it, e.g. `gen4711@host`.
    public var origin: String?
    /// Python's `repr` of the arguments, for logs and events.
    public var argsRepr: String?
    public var kwargsRepr: String?

    public var route: Route
    /// Where an rpc result goes.
    public var replyTo: String?
    public var correlationID: String?
    /// False asks the broker to keep the message in memory only.
    public var isPersistent: Bool
    /// Every other header, as it came.
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

    /// Header of a message that goes on counting its attempts where the broker does not: how many there were.
    package static let attemptsHeader = "celery_attempt"

    /// Takes the count of earlier attempts off a message that is published anew. Each retry was one, at least.
    package mutating func takeAttempts() -> Int {
        let told = headers[Self.attemptsHeader]
        if told != nil { headers[Self.attemptsHeader] = nil }
        // Anybody may have written it.
        return min(max(0, told?.intValue ?? retries), Int(Int32.max))
    }

    /// The message after so many attempts. Without the header it is as many as it has retries.
    package func counting(attempts: Int) -> Message {
        guard attempts != retries else { return self }
        var message = self
        message.headers[Self.attemptsHeader] = .int(Int64(attempts))
        return message
    }

    /// The same for the queue it came from, by whatever exchange it came there.
    ///
    /// What comes back goes this way: the exchange would give a copy to every other queue bound to it.
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
    /// `utf-8`, or `nil` when the sender said nothing.
    public var contentEncoding: String?
    /// The `compression` header, e.g. `application/x-gzip`; `nil` when plain.
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
    /// The named queue, for brokers and senders that address queues.
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
