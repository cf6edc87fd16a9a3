/// What an attempt came to.
public struct Outcome: Sendable {
    public var handle: DeliveryHandle
    /// What is recorded: the result of the task, unless it is ignored, and those of
    /// later chain members that will never run because this one failed.
    public var results: [TaskResult]
    /// Messages to publish with it: callbacks, errbacks, the next step of a chain.
    public var followUps: [Message]
    public var disposition: Disposition
    /// Whether the task goes on, and keeps its place at a broker that keeps limits: until `LimitKeeping.leaveSlots`, or
    /// until its worker is gone.
    public var keepsSlot = false

    /// What becomes of the delivery.
    public enum Disposition: Sendable, Equatable {
        /// The message is done with.
        case acknowledge
        /// The same id is tried again: this message replaces the old one.
        case retry(Message)
        /// The message is given up, and kept among the dead letters of its broker.
        case bury(Message, Burial)
    }

    public init(
        handle: DeliveryHandle, results: [TaskResult], followUps: [Message] = [],
        disposition: Disposition = .acknowledge
    ) {
        self.handle = handle
        self.results = results
        self.followUps = followUps
        self.disposition = disposition
    }
}
