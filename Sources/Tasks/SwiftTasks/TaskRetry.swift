/// Thrown by a task to request a retry; see `TaskContext.retry(in:because:)`.
public struct TaskRetry: Error, Sendable {
    /// The retry delay; `nil` for the delay in the task's options.
    public var delay: Duration?
    /// The reason for the retry, and the failure of the task if it has no retries left.
    public var cause: (any Error)?

    public init(delay: Duration? = nil, cause: (any Error)? = nil) {
        self.delay = delay
        self.cause = cause
    }
}
