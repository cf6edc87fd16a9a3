import CeleryCore
import Tasks

/// A job whose task is a Swift type of this binary.
struct SwiftJob {
    let job: JobRequest
    let message: Message
    let arguments: TaskArguments
    let registry: TaskRegistry
    let log: @Sendable (LogLine) -> Void
    /// Passes on progress and notes.
    let tell: @Sendable (JSONObject) -> Void
    /// Passes on what the task has written so far.
    let show: @Sendable (TaskOutput) -> Void

    func run() async -> JobRunner.Ended {
        guard case .swift(let runner)? = registry[message.task]?.kind else {
            return JobRunner.Ended(.failure(.notRegistered(message.task), traceback: nil))
        }
        let interruption = TaskInterruption()
        let telling = SwiftTelling(tell)
        let lines = SwiftTaskLines(job, log: log, show: show)
        let context = TaskContext(
            taskID: message.id, taskName: message.task, retries: message.retries, attempt: job.attempt,
            logFile: SwiftLog.file, logLevel: SwiftLog.level, rootID: message.rootID ?? message.id,
            parentID: message.parentID, arguments: arguments, interruption: interruption,
            trace: TraceContext(message), telling: telling, logger: SwiftLog.logger(for: job) { lines.add($0) })
        let report = await TraceContext.$current.withValue(context.trace) {
            await limited(interruption) { await runner.run(arguments, context) }
        }
        telling.end()
        var ended = end(report)
        ended.meta = telling.meta
        ended.output = lines.end()
        return ended
    }

    private func end(_ report: RunReport) -> JobRunner.Ended {
        switch report {
        case .success(let value): return JobRunner.Ended(.success(value))
        case .failure(let failure, let traceback): return JobRunner.Ended(.failure(failure, traceback: traceback))
        case .retry(let delay, let cause):
            let failure = cause ?? .retriesExhausted(task: message.task, id: message.id, reason: nil)
            var ended = JobRunner.Ended(.retry(delay: 0, failure, traceback: nil))
            ended.askedDelay = delay?.inSeconds
            return ended
        }
    }

    /// Cancels the task at its soft time limit. The worker enforces the hard limit by killing this process.
    private func limited(
        _ interruption: TaskInterruption, _ body: @escaping @Sendable () async -> RunReport
    ) async -> RunReport {
        guard let limit = job.softTimeLimit else { return await body() }
        let work = Task { await body() }
        let alarm = Task {
            try await Task.sleep(for: .seconds(limit))
            interruption.softTimeLimitPassed(.seconds(limit))
            work.cancel()
        }
        defer { alarm.cancel() }
        return await work.value
    }
}
