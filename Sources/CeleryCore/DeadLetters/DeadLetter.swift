/// A message that was given up and is stored for an operator to inspect, replay or delete.
public struct DeadLetter: Sendable, Equatable {
    /// The task id; for a message without one, a name derived from its content.
    public var key: String
    /// `nil` when no id could be read.
    public var taskID: TaskID?
    public var task: String?
    /// The queue the message was taken from.
    public var queue: String
    public var burial: Burial
    /// The message itself; `nil` when not requested.
    public var content: Content?

    /// A message as it was when it was given up.
    public struct Content: Sendable, Equatable {
        /// The headers as JSON, or the unreadable bytes in their place.
        public var headers: [UInt8]
        /// The properties as JSON; empty for the usual ones.
        public var properties: [UInt8]
        /// The body as received.
        public var body: [UInt8]
        /// The decoded message; `nil` when unreadable.
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
