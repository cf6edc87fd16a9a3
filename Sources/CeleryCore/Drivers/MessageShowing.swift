/// Showing a message that waits or runs, and where it stands among the others.
public protocol MessageShowing: MessageLocating {
    /// - Returns: `nil` for an id that this broker does not hold.
    /// - Throws: `DriverError`.
    func standing(of id: TaskID) async throws -> MessageStanding?
}

/// A message, and its place in its queue.
public struct MessageStanding: Sendable, Equatable {
    /// `nil` when it cannot be read.
    public var message: Message?
    /// Messages of its queue that are due and are handed out before it; `nil` while it stands in no queue.
    public var ahead: Int?
    /// Attempts begun so far.
    public var attempts: Int
    /// Attempts that are known to have lost their process.
    public var crashes: Int

    public init(message: Message?, ahead: Int?, attempts: Int, crashes: Int) {
        self.message = message
        self.ahead = ahead
        self.attempts = attempts
        self.crashes = crashes
    }
}
