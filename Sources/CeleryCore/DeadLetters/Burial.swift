/// How a message became a dead letter.
public struct Burial: Sendable, Hashable {
    public var reason: DeathReason
    /// The error in one line, as `Type: message`.
    public var error: String
    public var date: Timestamp
    /// The name of the worker that gave the message up; empty when the broker did.
    public var worker: String
    /// Attempt numbers used so far. A replayed message continues from here.
    public var attempts: Int
    /// Attempts known to have lost their process.
    public var crashes: Int

    public init(
        _ reason: DeathReason, error: String, date: Timestamp, worker: String, attempts: Int, crashes: Int = 0
    ) {
        self.reason = reason
        self.error = error
        self.date = date
        self.worker = worker
        self.attempts = attempts
        self.crashes = crashes
    }
}
