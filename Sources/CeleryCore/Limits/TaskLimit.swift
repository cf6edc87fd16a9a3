/// The limits that a delivery waits for before its task may start.
public struct TaskLimit: Sendable, Hashable {
    /// The task name, by which the rate and the slots are counted.
    public var task: String
    /// How often tasks of this name may start.
    public var rate: RateLimit?
    /// Number of slots: how many tasks of this name and key may run at once.
    public var slots: Int?
    /// The value by which slots are counted; empty where they are counted by name alone.
    public var key: String
    /// When the message expires, and stops waiting.
    public var expires: Timestamp?

    public init(task: String, rate: RateLimit? = nil, slots: Int? = nil, key: String = "", expires: Timestamp? = nil) {
        self.expires = expires
        self.task = task
        self.rate = rate
        self.slots = slots
        self.key = key
    }
}

/// What a due message waits for.
public enum LimitWait: Sendable, Hashable {
    /// The rate of its task; `next` is the next start if no other message is before it.
    case rate(task: String, interval: Double, next: Timestamp)
    /// A concurrency slot of its task and key, all held by these tasks.
    case slot(task: String, key: String, of: Int, heldBy: [TaskID])
    /// Earlier messages of its task and key; a slot is free.
    case turn(task: String, key: String)
}
