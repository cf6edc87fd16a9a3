/// How a message came to the dead letters.
public struct Burial: Sendable, Hashable {
    public var reason: DeathReason
    /// The error in a line, as `Type: message`.
    public var error: String
    public var date: Timestamp
    /// The name of the worker that gave it up; empty when that was the broker.
    public var worker: String
    /// Numbers of attempts that were used up. What is sent again counts on from there.
    public var attempts: Int
    /// Attempts that are known to have lost their process.
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
