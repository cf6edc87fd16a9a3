import Synchronization

/// Why a running Swift task is being cancelled, set before it is.
package final class TaskInterruption: Sendable {
    private let limit = Mutex<Duration?>(nil)

    package init() {}

    /// The soft time limit that is over, if that is why.
    package var softTimeLimit: Duration? { limit.withLock { $0 } }

    /// Says that the soft time limit is over. Cancel the Swift task after this.
    package func softTimeLimitPassed(_ duration: Duration) { limit.withLock { $0 = duration } }
}
