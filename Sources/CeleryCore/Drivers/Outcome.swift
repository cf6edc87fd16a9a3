/// The result of an attempt.
public struct Outcome: Sendable {
    public var handle: DeliveryHandle
    /// Results to store: the task's own, unless it is ignored, and those of later chain members that will never run because
    /// this task failed.
    public var results: [TaskResult]
    /// Stored results that are still to be sent to the clients that wait for them.
    public var replies: [TaskResult] = []
    /// Messages to publish: callbacks, errbacks, the next step of a chain.
    public var followUps: [Message]
    public var disposition: Disposition
    /// Members of chords that have ended with this attempt, to be counted by a store that counts them.
    package var chordParts: [ChordPart] = []
    /// What the attempt wrote, to be kept with its result; `nil` if nothing.
    package var output: AttemptOutput?
    /// Whether the task goes on and keeps its slot at a broker that enforces limits: until `LimitKeeping.leaveSlots`, or until
    /// its worker is gone.
    public var keepsSlot = false

    /// How the delivery ends.
    public enum Disposition: Sendable, Equatable {
        /// The message is finished.
        case acknowledge
        /// The task is tried again under the same id: this message replaces the old one.
        case retry(Message)
        /// The message is given up and becomes a dead letter.
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
