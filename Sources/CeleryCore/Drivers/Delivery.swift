/// A message handed to a worker, with the handle to settle it.
public struct Delivery: Sendable {
    public var handle: DeliveryHandle
    public var message: Message
    /// The same message as bytes, where its broker keeps it in the form in which a pool child reads it: handed on as it came.
    package var encoded: EncodedMessage?
    /// Executions of it that are known to have lost their process.
    public var crashes = 0
    /// How often it was lost with a worker that may have begun it, or not.
    public var doubts = 0
    /// Why no task can be made of the message. Then `message` tells only what could be made out all the same.
    public var defect: Defect?
    /// Since when it waits for the limits of its task, if it was postponed for them.
    public var waitsSince: Timestamp?

    /// What is wrong with a message.
    public struct Defect: Sendable, Hashable {
        /// For the log: lower case, one line.
        public var reason: String
        /// Whether the id is the message's own: somebody may wait for its result.
        public var hasID: Bool

        public init(_ reason: String, hasID: Bool) {
            self.reason = reason
            self.hasID = hasID
        }
    }

    public init(handle: DeliveryHandle, message: Message) {
        self.handle = handle
        self.message = message
    }
}

/// What a broker needs to recognise a delivery again.
public struct DeliveryHandle: Sendable, Hashable {
    /// The broker's own number for it.
    public var tag: Int64
    /// Which execution this is, counted from 1; the fence against late writers.
    public var attempt: Int
    public var redelivered: Bool { attempt > 1 }

    public init(tag: Int64, attempt: Int) {
        self.tag = tag
        self.attempt = attempt
    }
}
