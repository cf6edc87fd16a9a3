// The pool: supervised child processes, each executing this binary again.
//
// One thread (`PoolLoop`) serves all children: it assigns jobs, collects reports, replaces dead children, and kills
// jobs that exceed their hard limits. Each child has a short queue of jobs, so that it need not wait for the worker
// between tasks of a few microseconds. Jobs queued behind a slow one are recalled and assigned to other children.

package import Processes
import Synchronization

/// The worker's interface to its pool. Calls never block.
package final class Pool: Sendable {
    /// Events for the worker.
    package let events = Mailbox<PoolEvent>()
    private let commands = Mutex<[PoolCommand]>([])
    private let waker: Waker

    /// Starts the pool's thread and the children.
    ///
    /// - Throws: `SystemError` when the descriptors for the thread cannot be created.
    package init(_ configuration: PoolConfiguration) throws(SystemError) {
        waker = try Waker()
        let poller = try Poller()
        WorkThread.start { [self] in
            let loop = PoolLoop(configuration: configuration, poller: poller, waker: waker, events: events) {
                self.commands.withLock { commands in
                    defer { commands = [] }
                    return commands
                }
            }
            loop.run()
        }
    }

    /// Assigns jobs to the children.
    package func submit(_ jobs: [JobRequest]) { send(.submit(jobs)) }

    /// Adds children. A negative count retires children as soon as they have no jobs.
    package func grow(by count: Int) { send(.grow(count)) }

    /// Replaces every child. The old ones exit after their current jobs.
    package func replaceAll() { send(.replaceAll) }
    /// Recalls jobs that have not begun; they are reported as `recalled`. Running jobs continue.
    package func recall(_ tags: [Int64]) {
        if !tags.isEmpty { send(.recall(Set(tags))) }
    }

    /// Terminates a running job with a signal, and by force if that takes too long. The job is reported as revoked, or with its
    /// own outcome if it ended first. A job that has not begun is reported as `recalled`. Other jobs of the child are unaffected.
    package func terminate(_ tag: Int64, signal: Int32) { send(.terminate(tag, signal: signal)) }

    /// Starts no more jobs: all jobs that have not begun are reported as `returned`.
    package func drain() { send(.drain) }

    /// Lets the children finish their jobs and exit; the event `ended` follows.
    package func finish() { send(.finish) }

    /// Kills the children and all their processes now. Running jobs are reported as `lost`; the event `ended` follows.
    package func kill() { send(.kill) }

    private func send(_ command: PoolCommand) {
        commands.withLock { $0.append(command) }
        waker.wake()
    }
}

/// A command from `Pool` to `PoolLoop`.
enum PoolCommand: Sendable {
    case submit([JobRequest])
    case grow(Int)
    case replaceAll
    case recall(Set<Int64>)
    case terminate(Int64, signal: Int32)
    case drain
    case finish
    case kill
}
