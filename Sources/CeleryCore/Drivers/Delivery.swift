/// A message handed to a worker, with the handle to settle it.
public struct Delivery: Sendable {
    public var handle: DeliveryHandle
    public var message: Message
    /// The encoded form, if the broker stores messages in the form that a pool child reads; passed on unchanged.
    package var encoded: EncodedMessage?
    /// Executions known to have lost their process.
    public var crashes = 0
    /// How often the message was lost with a worker that may or may not have begun it.
    public var doubts = 0
    /// Why the message is not a valid task; then `message` has only the readable parts.
    public var defect: Defect?
    /// Since when the message has been postponed because of its task's limits.
    public var waitsSince: Timestamp?

    /// What is wrong with a message.
    public struct Defect: Sendable, Hashable {
        /// For the log: lower case, one line.
        public var reason: String
        /// Whether the id is the message's own, so that a client may wait for its result.
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

/// Identifies a delivery to its broker.
public struct DeliveryHandle: Sendable, Hashable {
    /// The broker's own number.
    public var tag: Int64
    /// Number of this execution, from 1; the fence against late writers.
    public var attempt: Int
    public var redelivered: Bool { attempt > 1 }

    public init(tag: Int64, attempt: Int) {
        self.tag = tag
        self.attempt = attempt
    }
}
