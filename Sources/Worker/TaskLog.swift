import CeleryCore
import Logging
import Processes
import Tasks
import Wire

/// A worker's log lines about tasks, in the wording of the original.
struct TaskLog: Sendable {
    let logger: Logger

    private func received(_ delivery: Delivery) {
        guard logger.logLevel <= .info else { return }
        let attempt = delivery.handle.attempt
        let message = delivery.message
        let again = attempt > message.retries + 1 ? " (attempt \(attempt))" : ""
        logger.info("Got task from broker: \(name(message))\(again)")
    }

    /// A task that was revoked, or expired, is no error.
    private func refused(_ delivery: Delivery, _ outcome: Outcome, _ reason: String) {
        let isWanted = outcome.results.contains { $0.id == delivery.message.id && $0.state == .revoked }
        logger.log(level: isWanted ? .info : .error, "Task \(name(delivery.message)) not run: \(reason.inOneLine)")
    }

    func ended(_ delivery: Delivery, _ report: JobReport) {
        for text in report.next.unsupported { warn(text) }
        switch report.ending {
        case .success(let value):
            guard logger.logLevel <= .info else { return }
            logger.info("Task \(name(delivery.message)) processed: \(value.displayText.inOneLine(limit: Self.longest))")
        case .failure(let failure, let traceback):
            failed(delivery, failure, traceback: traceback)
        case .retry(let delay, let failure, let traceback):
            let number = delivery.message.retries + 1
            logger.info("Task \(name(delivery.message)) retry \(number) in \(JSON.number(delay).displayText)s: \(failure.reason.inOneLine(limit: Self.longest))")
            if let traceback { logger.debug("\(traceback)") }
        case .revoked(let failure, let signal):
            let how = signal.map { " by signal \(Signal.name(of: $0))" } ?? ""
            logger.log(level: signal == nil ? .info : .warning, "Task \(name(delivery.message)) revoked: \(failure.message.inOneLine(limit: Self.longest))\(how)")
        }
    }

    func failed(_ delivery: Delivery, _ failure: TaskFailure, traceback: String?) {
        var text = "Task \(name(delivery.message)) raised exception: \(failure.type.forLog): \(failure.message.inOneLine(limit: Self.longest))"
        if let traceback { text += "\n" + traceback.trimmingNewlines }
        logger.error("\(text)")
    }

    /// The autoscaler changed the pool.
    func scaled(from old: Int, to new: Int) {
        logger.info("Scaling \(new > old ? "up" : "down") from \(old) to \(new) pool children")
    }

    /// An operator's command was carried out.
    func commanded(_ text: String) { logger.warning("\(text.inOneLine)") }

    /// The body of a chord was sent.
    func unlocked(_ delivery: Delivery, _ groupID: String, _ count: Int) {
        guard logger.logLevel <= .info else { return }
        logger.info("Task \(name(delivery.message)) processed: passed \(count) results of chord \(groupID.forLog) to its body")
    }

    func warn(_ text: String) { logger.warning("\(text.inOneLine)") }

    /// A message was redelivered after its task had ended.
    func repeated(_ delivery: Delivery) {
        logger.info("Task \(name(delivery.message)) was delivered again and is not run: its result is already recorded")
    }

    /// A message was redelivered while its task runs here.
    func adopted(_ delivery: Delivery) {
        logger.info("Task \(name(delivery.message)) was delivered again while it runs here; the running attempt continues")
    }

    private func interrupted(_ delivery: Delivery, _ attempt: Int, _ reason: String) {
        logger.error("Task \(name(delivery.message)) interrupted in attempt \(attempt): \(reason.inOneLine); requeuing it")
    }

    func fencedOff(_ outcome: Outcome) {
        guard let result = outcome.results.first else { return }
        logger.warning("Outcome of \(name(result)) attempt \(result.attempt) came too late; another attempt owns the task")
    }

    /// A message that can never be published.
    func unsent(_ message: Message, isNextTry: Bool, _ error: any Error) {
        logger.error("Task \(name(message)) cannot be sent\(isNextTry ? " for its retry" : ""): \("\(error)".inOneLine)")
    }

    /// A message that no dead letter queue accepts.
    func unburied(_ message: Message, _ error: any Error) {
        logger.error("Task \(name(message)) cannot be stored as a dead letter and is dropped: \("\(error)".inOneLine)")
    }

    /// A message that cannot be decoded.
    func unreadable(_ delivery: Delivery, _ defect: Delivery.Defect) {
        let id = defect.hasID ? delivery.message.id.text.forLog : "without an id"
        logger.error("unreadable message (\(id)) of queue \(delivery.message.route.queue.forLog): \(defect.reason.inOneLine(limit: Self.longest)); storing it as a dead letter")
    }

    /// A result that can never be stored.
    func unstored(_ result: TaskResult, _ error: any Error) {
        logger.error("Result of \(name(result)) cannot be stored and is dropped: \("\(error)".inOneLine)")
    }

    /// A result that can never be sent to the client that waits for it.
    func unanswered(_ result: TaskResult, _ error: any Error) {
        logger.error("Result of \(name(result)) is stored, but cannot be sent to the queue in its reply_to: \("\(error)".inOneLine)")
    }

    /// Outcomes that a stopping worker gave up recording.
    func unrecorded(_ outcomes: some Collection<Outcome>) {
        let tasks = outcomes.compactMap { $0.results.first }.map(name).joined(separator: ", ")
        logger.error("Stopping without recording \(outcomes.count) outcome\(outcomes.count == 1 ? "" : "s"): \(tasks); unacknowledged tasks will run again")
    }

    /// An operator terminates a task.
    func terminating(_ delivery: Delivery, _ revocation: Revocation) {
        logger.warning("Terminating \(name(delivery.message)) with signal \(revocation.signal.forLog)")
    }

    func paused(_ queue: String, _ pause: QueuePause) {
        let end = pause.until.map { " until \(ISO8601.text($0))" } ?? ""
        let reason = pause.reason.map { ": \($0.forLog)" } ?? ""
        logger.warning("Queue \(queue.forLog) is paused\(end)\(reason)")
    }

    func resumed(_ queue: String) { logger.warning("Queue \(queue.forLog) is resumed") }

    /// An operator changed the rate of a task.
    func rateChanged(_ task: String, _ rate: RateLimit?) {
        logger.info("Rate of task \(task.forLog) is now \(rate?.text ?? "unlimited")")
    }

    /// Task files have changed, and count as they are now.
    func filesChanged(_ changes: TaskFileChanges) {
        for (tasks, what) in [(changes.added, "added"), (changes.changed, "changed"), (changes.removed, "removed")] where !tasks.isEmpty {
            let names = tasks.prefix(20).map { "\($0.name) (\($0.source))" }.joined(separator: ", ")
            let more = tasks.count > 20 ? ", and \(tasks.count - 20) more" : ""
            logger.info("Task\(tasks.count == 1 ? "" : "s") \(what): \(names.inOneLine)\(more)")
        }
        for problem in changes.problems { logger.warning("\("\(problem)".inOneLine)") }
    }

    /// The kernel allows no more watches of files.
    func cannotWatch(every interval: Duration) {
        logger.warning("Cannot watch the task folders, as the limits of inotify(7) are reached; looking at them every \(JSON.number(interval.inSeconds).displayText) s")
    }

    /// A warm shutdown took longer than the shutdown timeout.
    func ranOutOfTime(_ running: [Delivery]) {
        let names = running.map { name($0.message) }.sorted().joined(separator: ", ")
        logger.warning("Shutdown timeout has passed: stopping now; running: \(names.isEmpty ? "none" : names)")
    }

    func replaced(_ reason: String) {
        logger.warning("Replaced 1 dead pool worker: \(reason)")
    }

    func short(_ reason: String) {
        logger.error("\(reason); trying again")
    }

    func tookOver(_ worker: String, _ messages: Int) {
        logger.warning("Worker \(worker.forLog) is gone; took over \(messages) task\(messages == 1 ? "" : "s")")
    }

    /// Programs of dead workers that were still running.
    func killed(orphans count: Int) {
        if count > 0 { logger.warning("Killed \(count) process\(count == 1 ? "" : "es") that a dead worker left running") }
    }

    func brokerTrouble(_ what: String, _ error: any Error) {
        logger.error("\(what): \("\(error)".inOneLine)")
    }

    func notice(_ notice: BrokerNotice) {
        logger.log(level: notice.isTrouble ? .warning : .info, "\(notice.text.inOneLine)")
    }

    /// A log line written by a task.
    func line(_ line: LogLine) {
        let level = Logger.Level(rawValue: line.level) ?? .info
        logger.log(level: level, "\(line.taskName.forLog)[\(line.taskID.forLog)]: \(line.text.printable)")
    }

    private func name(_ message: Message) -> String { "\((message.shadow ?? message.task).forLog)[\(message.id.text.forLog)]" }

    private func name(_ result: TaskResult) -> String { "\((result.task ?? "task").forLog)[\(result.id.text.forLog)]" }

    /// A return value or a failure message may have megabytes; a log line quotes at most this many characters.
    private static let longest = 1_000
}

extension TaskLog: TaskWatching {
    func note(_ moment: TaskMoment, at time: Timestamp) {
        switch moment {
        case .received(let delivery): received(delivery)
        case .refused(let delivery, let outcome, let reason): refused(delivery, outcome, reason)
        case .began: break
        case .ended(let delivery, _, let report): ended(delivery, report)
        case .failed(let delivery, _, let failure, _): failed(delivery, failure, traceback: nil)
        case .interrupted(let delivery, let attempt, let reason, _): interrupted(delivery, attempt, reason)
        }
    }
}

extension String {
    fileprivate var trimmingNewlines: String {
        var text = self[...]
        while text.last == "\n" { text.removeLast() }
        return String(text)
    }
}
