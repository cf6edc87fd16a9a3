import DequeModule
import Synchronization

/// The jobs a pool child has been given and not begun, between the thread that reads
/// the socket and the task that runs them.
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

    /// Takes away all that is not begun.
    func removeAll() -> [JobRequest] {
        state.withLock { state in
            defer { state.jobs = [] }
            return Array(state.jobs)
        }
    }

    /// There will be no more: `next` returns `nil` after the last.
    func finish() {
        let reader = state.withLock { state in
            state.isFinished = true
            return state.reader.take()
        }
        reader?.resume(returning: nil)
    }

    /// The next job; waits for one. Does not suspend when there is one, so that a line
    /// of short tasks runs without a change of thread.
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
