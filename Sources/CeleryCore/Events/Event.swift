/// Something that happened to a task or a worker, as monitors are told of it.
///
/// The fields are those of Celery's events (section 7 of the wire format); the room `Wire` has their form there.
public struct Event: Sendable, Hashable {
    /// `task-received`, `worker-online`, ...
    public var type: String
    /// Who tells: the name of a worker, or `gen4711@host` for a client.
    public var hostname: String
    /// Hours west of UTC of the clock on the wall there.
    public var utcOffset: Double
    /// The process id of who tells.
    public var pid: Int
    /// The teller's logical time, a Lamport clock: an event that another caused has a greater one.
    public var clock: Int64
    /// When it happened, by the clock there.
    public var time: Timestamp
    /// What else it says, in order: `uuid`, `name`, `result`, ...
    public var details: JSONObject

    public init(
        _ type: String, from hostname: String, utcOffset: Double = 0, pid: Int, clock: Int64, at time: Timestamp,
        details: JSONObject = [:]
    ) {
        self.type = type
        self.hostname = hostname
        self.utcOffset = utcOffset
        self.pid = pid
        self.clock = clock
        self.time = time
        self.details = details
    }

    /// Of a task event: which task it is about.
    public var taskID: TaskID? { isOfTask ? details["uuid"]?.stringValue.map { TaskID($0) } : nil }

    /// Whether a task is what it is about; else it is a worker, or something of an application's own.
    public var isOfTask: Bool { type.hasPrefix("task-") }

    /// That a worker lives. It says no more than the one before it.
    public static let heartbeat = "worker-heartbeat"
}
