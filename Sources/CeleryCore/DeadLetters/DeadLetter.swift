/// A message that was given up, and is kept for an operator to look at, send again or throw away.
public struct DeadLetter: Sendable, Equatable {
    /// What it is called by: its task id, or, for a message without one, a name made from its content.
    public var key: String
    /// `nil` for a message in which none could be read.
    public var taskID: TaskID?
    public var task: String?
    /// The queue it was taken from.
    public var queue: String
    public var burial: Burial
    /// The message itself; `nil` when it was not asked for.
    public var content: Content?

    /// A message as it was when it was given up.
    public struct Content: Sendable, Equatable {
        /// Its headers as JSON, or what stands in their place.
        public var headers: [UInt8]
        /// Its properties as JSON; empty for the usual ones.
        public var properties: [UInt8]
        /// Its body as it came.
        public var body: [UInt8]
        /// The same as a worker reads it; `nil` when it cannot be read.
        public var message: Message?

        public init(headers: [UInt8], properties: [UInt8], body: [UInt8], message: Message?) {
            self.headers = headers
            self.properties = properties
            self.body = body
            self.message = message
        }
    }

    public init(
        key: String, taskID: TaskID?, task: String?, queue: String, burial: Burial, content: Content? = nil
    ) {
        self.key = key
        self.taskID = taskID
        self.task = task
        self.queue = queue
        self.burial = burial
        self.content = content
    }
}
