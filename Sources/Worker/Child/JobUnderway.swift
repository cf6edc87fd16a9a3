import Glibc
import Processes
import Synchronization
import Tasks

/// The job that a pool child is on, between the task that runs jobs and the thread that is told to end one.
///
/// A job is named by its tag, and the tag is looked at under the lock that `begin` and `end` need as well: what was
/// meant for one job never hits the next.
final class JobUnderway: Sendable {
    private struct State {
        var tag: Int64?
        /// `nil` for a Swift task: then this process is the task.
        var stop: ProgramStop?
        /// What it was told to end with.
        var signal: Int32?
    }

    private let state = Mutex(State())

    /// How long a program may go on after it was told to end.
    private static let grace: Duration = .seconds(10)

    /// - Returns: what ends it, if it is a program.
    func begin(_ job: JobRequest) -> ProgramStop? {
        let stop = job.program == nil ? nil : ProgramStop()
        state.withLock { $0 = State(tag: job.tag, stop: stop) }
        return stop
    }

    /// The job has ended.
    /// - Returns: the signal it was told to end with, if it was.
    func end() -> Int32? {
        state.withLock { state in
            defer { state = State() }
            return state.signal
        }
    }

    /// Ends the job, if it is still this one: a program with all it started; for a Swift task, this process.
    func terminate(_ tag: Int64, signal: Int32) {
        let stop = state.withLock { state -> ProgramStop? in
            guard state.tag == tag, state.signal == nil else { return nil }
            state.signal = signal
            guard let stop = state.stop else {
                // The group of this process, so that what the task has started goes too.
                kill(-getpgrp(), signal)
                return nil
            }
            return stop
        }
        guard let stop else { return }
        stop.send(signal)
        WorkThread.start {
            // On the job's own handle, so that it can be late.
            Syscall.pause(Self.grace)
            stop.send(SIGKILL)
        }
    }
}
