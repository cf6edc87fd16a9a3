// The pool: supervised child processes, each executing this binary again.
//
// One thread (`PoolLoop`) serves all children: it assigns jobs, collects reports, replaces dead children, and kills
// jobs that exceed their hard limits. Each child has a short queue of jobs, so that it need not wait for the worker
// between tasks of a few microseconds. Jobs queued behind a slow one are recalled and assigned to other children.

package import Processes
import Synchronization

/// The worker's interface to its pool. Calls never block.
///
/// Jobs of HTTP tasks need no child: they go to a thread of their own (`CallLoop`), which reports the same events.
package final class Pool: Sendable {
    /// Events for the worker.
    package let events = Mailbox<PoolEvent>()
    private let inbox: PoolInbox
    /// For jobs of HTTP tasks; `nil` if there are none.
    private let calls: PoolInbox?
    /// The number of threads that have not ended.
    private let working: Mutex<Int>

    /// Starts the pool's thread and the children, and the thread of the HTTP tasks.
    ///
    /// - Parameter calls: `nil` for a worker without HTTP tasks.
    /// - Throws: `SystemError` when the descriptors for the threads cannot be created.
    package init(_ configuration: PoolConfiguration, calls callConfiguration: CallConfiguration? = nil) throws(SystemError) {
        let inbox = try PoolInbox()
        self.inbox = inbox
        let calls = callConfiguration == nil ? nil : try PoolInbox()
        self.calls = calls
        working = Mutex(calls == nil ? 1 : 2)
        let poller = try Poller()
        WorkThread.start { [self] in
            PoolLoop(configuration: configuration, poller: poller, waker: inbox.waker, events: events) { inbox.take() }.run()
            // If the pool has failed, nobody tells the other thread.
            calls?.send(.kill)
            noteEnd()
        }
        guard let callConfiguration, let calls else { return }
        WorkThread.start { [self] in
            CallLoop(configuration: callConfiguration, inbox: calls, events: events).run()
            noteEnd()
        }
    }

    private func noteEnd() {
        let isLast = working.withLock { count in
            count -= 1
            return count == 0
        }
        if isLast { events.put([.ended]) }
    }

    /// Assigns jobs to the children, and those of HTTP tasks to their thread.
    package func submit(_ jobs: [JobRequest]) {
        guard let calls else { return inbox.send(.submit(jobs)) }
        let ofCalls = jobs.filter { $0.http != nil }
        if ofCalls.count < jobs.count { inbox.send(.submit(ofCalls.isEmpty ? jobs : jobs.filter { $0.http == nil })) }
        if !ofCalls.isEmpty { calls.send(.submit(ofCalls)) }
    }

    /// Adds children. A negative count retires children as soon as they have no jobs.
    package func grow(by count: Int) { inbox.send(.grow(count)) }

    /// Replaces every child. The old ones exit after their current jobs.
    package func replaceAll() { inbox.send(.replaceAll) }

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

    /// Whoever does not have a job ignores its tag.
    private func send(_ command: PoolCommand) {
        inbox.send(command)
        calls?.send(command)
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
