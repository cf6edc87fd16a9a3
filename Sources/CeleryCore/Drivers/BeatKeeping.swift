/// Keeping what the beats of one name have sent, and letting one of them lead.
///
/// A name stands for one set of periodic tasks: all beats of a name are given the same.
public protocol BeatKeeping: Broker {
    /// Takes a seat among the beats of this name. It leads nobody yet.
    ///
    /// - Throws: `DriverError` when the broker cannot be used.
    func seat(in beat: String, as identity: WorkerIdentity) async throws -> any BeatSeat

    /// What is written down, and who leads, for commands that ask from outside.
    ///
    /// - Throws: `DriverError`; `unusable` when what is written down cannot be read.
    func state(of beat: String) async throws -> BeatState

    /// Asks whoever leads, now or later, for something. Returns when that cannot be lost any more.
    func tell(_ command: LeaderCommand, in beat: String) async throws
}

/// The place of one beat among those of its name.
public protocol BeatSeat: Sendable {
    /// How often to call `lead`.
    var renewalInterval: Duration { get }

    /// Becomes the leader if there is none, or stays it.
    ///
    /// - Returns: what is written down, if this one leads; `nil` if another does.
    /// - Throws: `DriverError`; then this one must not act as the leader.
    func lead() async throws -> BeatState?

    /// Sends messages and writes records down: in one step where the broker can do that, else in this order.
    ///
    /// A message whose id the broker knows is passed over: it was sent before.
    /// - Parameters:
    ///   - records: replace those of the same names; the others stay.
    ///   - orders: numbers of orders that are done with.
    /// - Returns: whether this one still led. If not, nothing was sent and nothing written.
    /// - Throws: `DriverError`: it may have happened or not, and is to be tried again.
    func send(_ messages: [Message], writing records: [EntryRecord], settling commands: [Int64]) async throws -> Bool

    /// Waits until there may be an order or another leader, or the deadline passes, or the task is cancelled.
    func waitForChange(until deadline: ContinuousClock.Instant) async

    /// Lets go of the lead, so that another takes it at once.
    func close() async
}
