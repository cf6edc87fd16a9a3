import DequeModule
import Synchronization

/// The queue of jobs that a pool child has received and not begun. Passes them from the thread that reads the socket
/// to the Swift concurrency task that runs them.
final class JobQueue: Sendable {
    private struct State {
        var jobs: Deque<JobRequest> = []
        var isFinished = false
        var reader: CheckedContinuation<JobRequest?, Never>?
    }

    private let state = Mutex(State())

    /// Adds a job.
    func append(_ job: JobRequest) {
        let reader = state.withLock { state -> CheckedContinuation<JobRequest?, Never>? in
            guard let reader = state.reader.take() else {
                state.jobs.append(job)
                return nil
            }
            return reader
        }
        reader?.resume(returning: job)
    }

    /// Removes and returns all jobs.
    func removeAll() -> [JobRequest] {
        state.withLock { state in
            defer { state.jobs = [] }
            return Array(state.jobs)
        }
    }

    /// Notes that no more jobs will be added: `next` returns `nil` after the last one.
    func finish() {
        let reader = state.withLock { state in
            state.isFinished = true
            return state.reader.take()
        }
        reader?.resume(returning: nil)
    }

    /// Removes and returns the next job; waits until there is one. Does not suspend if a job is available, so that a
    /// sequence of short tasks runs without a thread switch.
    func next() async -> JobRequest? {
        if let job = state.withLock({ $0.jobs.popFirst() }) { return job }
        return await withCheckedContinuation { continuation in
            let now = state.withLock { state -> JobRequest?? in
                if let job = state.jobs.popFirst() { return .some(job) }
                if state.isFinished { return .some(nil) }
                state.reader = continuation
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
    }
}
