/// Thrown by a task that wants to be tried again; see `TaskContext.retry(in:because:)`.
public struct TaskRetry: Error, Sendable {
    /// How long to wait; `nil` leaves it to the task's options.
    public var delay: Duration?
    /// What went wrong, and what the task fails of when it has no retries left.
    public var cause: (any Error)?

    public init(delay: Duration? = nil, cause: (any Error)? = nil) {
        self.delay = delay
        self.cause = cause
    }
}
