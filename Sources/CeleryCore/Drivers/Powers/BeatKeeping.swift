/// Storing what the beats of one name have sent, and electing a leader among them.
///
/// A name stands for one set of periodic tasks: all beats with the name have the same set.
public protocol BeatKeeping: Broker {
    /// Registers a beat of this name. It does not lead yet.
    ///
    /// - Throws: `DriverError` when the broker cannot be used.
    func seat(in beat: String, as identity: WorkerIdentity) async throws -> any BeatSeat

    /// The stored state and the leader, for commands.
    ///
    /// - Throws: `DriverError`; `unusable` when the state cannot be read.
    func state(of beat: String) async throws -> BeatState

    /// Sends a command to the current or next leader. Returns when the command is stored durably.
    func tell(_ command: LeaderCommand, in beat: String) async throws
}

/// One beat among those of its name.
public protocol BeatSeat: Sendable {
    /// How often to call `lead`.
    var renewalInterval: Duration { get }

    /// Becomes or remains the leader, unless another beat leads.
    ///
    /// - Returns: The stored state if this beat leads; `nil` if another beat does.
    /// - Throws: `DriverError`; then this beat must not act as the leader.
    func lead() async throws -> BeatState?

    /// Sends messages and writes records: in one step where the broker can do that, else in this order.
    ///
    /// A message whose id the broker knows is skipped: it was sent before.
    /// - Parameters:
    ///   - records: Replace the records of the same names; others stay.
    ///   - orders: Numbers of the commands that are done.
    /// - Returns: Whether this beat still led. If not, nothing was sent or written.
    /// - Throws: `DriverError`; the outcome is unknown, and the call should be repeated.
    func send(_ messages: [Message], writing records: [EntryRecord], settling commands: [Int64]) async throws -> Bool

    /// Waits until there may be a command or another leader, the deadline passes, or the task is cancelled.
    func waitForChange(until deadline: ContinuousClock.Instant) async

    /// Gives up the leadership, so that another beat can lead at once.
    func close() async
}
