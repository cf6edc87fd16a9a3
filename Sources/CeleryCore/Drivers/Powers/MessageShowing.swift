/// Showing a message that waits or runs, and its position in the queue.
public protocol MessageShowing: MessageLocating {
    /// - Returns: `nil` for an id that this broker does not hold.
    /// - Throws: `DriverError`.
    func standing(of id: TaskID) async throws -> MessageStanding?
}

/// A message and its position in its queue.
public struct MessageStanding: Sendable, Equatable {
    /// `nil` when unreadable.
    public var message: Message?
    /// Number of due messages of its queue that are delivered before it; `nil` while it is not ready.
    public var ahead: Int?
    /// Number of attempts begun.
    public var attempts: Int
    /// Attempts known to have lost their process.
    public var crashes: Int

    public init(message: Message?, ahead: Int?, attempts: Int, crashes: Int) {
        self.message = message
        self.ahead = ahead
        self.attempts = attempts
        self.crashes = crashes
    }
}
