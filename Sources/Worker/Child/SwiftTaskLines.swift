import CeleryCore
import Synchronization

/// The lines that a Swift task logs: passes them on to the worker's log, up to a limit, and keeps them as its standard error.
final class SwiftTaskLines: Sendable {
    private struct State {
        var collector: OutputCollector
        /// Whether a later report is on its way.
        var isDelayed = false
        var isOver = false
        /// Bytes that may still go to the log.
        var allowance: Int
        var unloggedLines = 0
    }

    /// Bytes of a log line besides its text: time, level, and the name and id of the task.
    private static let lineOverhead = 100

    private let job: JobRequest
    private let state: Mutex<State>
    private let log: @Sendable (LogLine) -> Void
    private let show: @Sendable (TaskOutput) -> Void

    init(_ job: JobRequest, log: @escaping @Sendable (LogLine) -> Void, show: @escaping @Sendable (TaskOutput) -> Void) {
        self.job = job
        self.log = log
        self.show = show
        state = Mutex(State(collector: OutputCollector(limit: job.keptOutputBytes), allowance: job.logBytes))
    }

    /// Takes a line. Does not wait for the worker to keep it.
    func add(_ line: LogLine) {
        let isLogged = state.withLock { state in
            if !state.isOver { state.collector.add(Array((line.text + "\n").utf8), to: .stderr) }
            guard state.allowance > 0 else {
                state.unloggedLines += 1
                return false
            }
            state.allowance -= line.text.utf8.count + Self.lineOverhead
            return true
        }
        if isLogged { log(line) }
        report()
    }

    /// Notes that the task has ended.
    ///
    /// - Returns: What is kept.
    func end() -> TaskOutput {
        let (output, unlogged) = state.withLock { state in
            state.isOver = true
            return (state.collector.output, state.unloggedLines)
        }
        if unlogged > 0 {
            log(LogLine(taskID: job.taskID, taskName: job.taskName, level: "warning", text: "... \(unlogged) more lines are not shown"))
        }
        return output
    }

    private func report() {
        let later = state.withLock { state -> ContinuousClock.Instant? in
            guard !state.isOver else { return nil }
            // While the lock is held, so that no report overtakes another or the end.
            if let output = state.collector.report() { show(output) }
            guard let next = state.collector.nextReport, !state.isDelayed else { return nil }
            state.isDelayed = true
            return next
        }
        guard let later else { return }
        Task {
            try? await Task.sleep(until: later)
            state.withLock { $0.isDelayed = false }
            report()
        }
    }
}
