/// One request to run a task, with its arguments still encoded.
///
/// The fields are the headers and properties of Celery's protocol 2 (see the `Wire` room); messages of protocol 1 are converted
/// when read.
public struct Message: Sendable, Equatable {
    public var id: TaskID { get { storage.fields.id } set { own.fields.id = newValue } }
    /// The registered name of the task, e.g. `thumbs.tasks.make`.
    public var task: String { get { storage.fields.task } set { own.fields.task = newValue } }
    /// Encoded arguments and canvas.
    public var body: MessageBody {
        get { storage.fields.body }
        _modify { yield &own.fields.body }
    }

    /// Do not run before this time.
    public var eta: Timestamp? { get { storage.fields.eta } set { own.fields.eta = newValue } }
    /// Do not run after this time.
    public var expires: Timestamp? { get { storage.fields.expires } set { own.fields.expires = newValue } }
    /// Number of retries so far.
    public var retries: Int { get { storage.fields.retries } set { own.fields.retries = newValue } }
    /// Seconds after which the task is killed.
    public var hardTimeLimit: Double? { get { storage.fields.hardTimeLimit } set { own.fields.hardTimeLimit = newValue } }
    /// Seconds after which the task is asked to stop.
    public var softTimeLimit: Double? { get { storage.fields.softTimeLimit } set { own.fields.softTimeLimit = newValue } }
    /// `nil` uses the task's own option.
    public var ignoreResult: Bool? { get { storage.fields.ignoreResult } set { own.fields.ignoreResult = newValue } }
    /// Usually 0 to 9, up to 255; higher runs earlier.
    public var priority: Int? { get { storage.fields.priority } set { own.fields.priority = newValue } }

    public var groupID: String? { get { storage.fields.groupID } set { own.fields.groupID = newValue } }
    public var groupIndex: Int? { get { storage.fields.groupIndex } set { own.fields.groupIndex = newValue } }
    /// The first task of the workflow; `nil` means this one.
    public var rootID: TaskID? { get { storage.fields.rootID } set { own.fields.rootID = newValue } }
    /// The task that sent this one.
    public var parentID: TaskID? { get { storage.fields.parentID } set { own.fields.parentID = newValue } }
    /// Name shown in logs in place of `task`.
    public var shadow: String? { get { storage.fields.shadow } set { own.fields.shadow = newValue } }
    /// The sender, e.g. `gen4711@host`.
    public var origin: String? { get { storage.fields.origin } set { own.fields.origin = newValue } }
    /// Python's `repr` of the arguments, for logs and events.
    public var argsRepr: String? { get { storage.fields.argsRepr } set { own.fields.argsRepr = newValue } }
    public var kwargsRepr: String? { get { storage.fields.kwargsRepr } set { own.fields.kwargsRepr = newValue } }

    public var route: Route {
        get { storage.fields.route }
        _modify { yield &own.fields.route }
    }
    /// Reply queue for an rpc result.
    public var replyTo: String? { get { storage.fields.replyTo } set { own.fields.replyTo = newValue } }
    public var correlationID: String? { get { storage.fields.correlationID } set { own.fields.correlationID = newValue } }
    /// `false` asks the broker to hold the message in memory only.
    public var isPersistent: Bool { get { storage.fields.isPersistent } set { own.fields.isPersistent = newValue } }
    /// All other headers, unchanged.
    public var headers: JSONObject {
        get { storage.fields.headers }
        _modify { yield &own.fields.headers }
    }

    private var storage: MessageStorage

    /// The storage, to be changed: a new one unless this message is the only one that has it.
    private var own: MessageStorage {
        mutating get {
            if !isKnownUniquelyReferenced(&storage) { storage = MessageStorage(storage.fields) }
            return storage
        }
    }

    public init(id: TaskID = TaskID(), task: String, body: MessageBody) {
        storage = MessageStorage(MessageStorage.Fields(id: id, task: task, body: body))
    }

    public static func == (left: Message, right: Message) -> Bool {
        left.storage === right.storage || left.storage.fields == right.storage.fields
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
