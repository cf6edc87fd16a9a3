/// What a delivery has to wait for before its task may begin.
public struct TaskLimit: Sendable, Hashable {
    /// The name of the task, whose rate it is, and whose places.
    public var task: String
    /// How often tasks of this name may begin.
    public var rate: RateLimit?
    /// How many of this name and key may run at once.
    public var slots: Int?
    /// The value by which places are counted; empty where they are counted by name alone.
    public var key: String
    /// When it is too late to begin: then it is not to wait any more.
    public var expires: Timestamp?

    public init(task: String, rate: RateLimit? = nil, slots: Int? = nil, key: String = "", expires: Timestamp? = nil) {
        self.expires = expires
        self.task = task
        self.rate = rate
        self.slots = slots
        self.key = key
    }
}

/// What a message waits for that is due.
public enum LimitWait: Sendable, Hashable {
    /// For the rate of its task, until then if nobody is before it.
    case rate(task: String, interval: Double, next: Timestamp)
    /// For one of the places of its task, and key, which these have.
    case slot(task: String, key: String, of: Int, heldBy: [TaskID])
    /// For others of its task and key, that came before it; there is a place.
    case turn(task: String, key: String)
}
