import Glibc
import Processes
import Synchronization
import Tasks

/// The running job of a pool child, shared by the Swift concurrency task that runs jobs and the thread that receives
/// requests to terminate one.
///
/// Requests identify the job by its tag. The tag is compared under the lock of `begin` and `end`, so a request for one
/// job never terminates the next.
final class JobUnderway: Sendable {
    private struct State {
        var tag: Int64?
        /// `nil` for a Swift task: then this process is the task.
        var stop: ProgramStop?
        /// The signal of a request to terminate the job.
        var signal: Int32?
        /// Signals of requests for other jobs. One of them may have been taken from the queue and not have begun.
        var early: [Int64: Int32] = [:]
    }

    private let state = Mutex(State())

    /// How long a program may run after the signal before it is killed.
    private static let grace: Duration = .seconds(10)

    /// Notes that a job begins. If it was to be terminated before, it gets the signal now.
    ///
    /// - Returns: The means of terminating its program; `nil` for a Swift task.
    func begin(_ job: JobRequest) -> ProgramStop? {
        let stop = job.isProgram ? ProgramStop() : nil
        let signal = state.withLock { state in
            defer { state = State(tag: job.tag, stop: stop) }
            return state.early[job.tag]
        }
        if let signal { terminate(job.tag, signal: signal) }
        return stop
    }

    /// Notes that the job has ended.
    ///
    /// - Returns: The signal of a request to terminate it, if there was one.
    func end() -> Int32? {
        state.withLock { state in
            defer { state = State() }
            return state.signal
        }
    }

    /// Signals the job if it is running, or as soon as it begins: a program with all its processes; for a Swift task, this process
    /// group. A job that has ended is not affected.
    func terminate(_ tag: Int64, signal: Int32) {
        let stop = state.withLock { state -> ProgramStop? in
            guard state.tag == tag else {
                state.early[tag] = signal
                return nil
            }
            guard state.signal == nil else { return nil }
            state.signal = signal
            guard let stop = state.stop else {
                // The process group includes the processes that the task has started.
                kill(-getpgrp(), signal)
                return nil
            }
            return stop
        }
        guard let stop else { return }
        stop.send(signal)
        WorkThread.start {
            // `stop` belongs to this job alone, so a late signal cannot hit the next one.
            Syscall.pause(Self.grace)
            stop.send(SIGKILL)
        }
    }
}
