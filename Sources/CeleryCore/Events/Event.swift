/// Something that happened to a task or a worker, as reported to monitors.
///
/// The fields are those of Celery's events (`event-*` in `Tests/Golden`); the room `Wire` has their encoding.
public struct Event: Sendable, Hashable {
    /// `task-received`, `worker-online`, ...
    public var type: String
    /// The sender: the name of a worker, or `gen4711@host` for a client.
    public var hostname: String
    /// The sender's local time zone, in hours west of UTC.
    public var utcOffset: Double
    /// The sender's process id.
    public var pid: Int
    /// The sender's Lamport clock: an event caused by another has a greater value.
    public var clock: Int64
    /// When it happened, by the sender's clock.
    public var time: Timestamp
    /// Other fields, in order: `uuid`, `name`, `result`, ...
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

    /// The task id of a task event.
    public var taskID: TaskID? { isOfTask ? details["uuid"]?.stringValue.map { TaskID($0) } : nil }

    /// Whether the event is about a task, rather than a worker or an application.
    public var isOfTask: Bool { type.hasPrefix("task-") }

    /// The event by which a live worker reports. It adds nothing to the one before.
    public static let heartbeat = "worker-heartbeat"
}
