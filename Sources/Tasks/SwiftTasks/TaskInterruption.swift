import Synchronization

/// Why a running Swift task is cancelled. Set before the cancellation.
package final class TaskInterruption: Sendable {
    private let limit = Mutex<Duration?>(nil)

    package init() {}

    /// The soft time limit, if it is the reason.
    package var softTimeLimit: Duration? { limit.withLock { $0 } }

    /// Sets the soft time limit as the reason. Call this before cancelling the task.
    package func softTimeLimitPassed(_ duration: Duration) { limit.withLock { $0 = duration } }
}
