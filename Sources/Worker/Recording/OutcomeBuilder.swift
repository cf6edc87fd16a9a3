import CeleryCore
import Wire

/// Builds the outcome of a delivery from the end of its execution.
struct OutcomeBuilder {
    let delivery: Delivery
    let worker: String
    let now: Timestamp
    /// The number of the execution; initially that of the delivery.
    var attempt: Int
    var started: Timestamp?
    /// Whether a return value is discarded and no client answered; initially what the message says.
    var ignoresResult: Bool
    /// When the retries of the task end; passed on with the next try.
    var retryEnd: Timestamp?

    init(delivery: Delivery, worker: String, now: Timestamp) {
        self.delivery = delivery
        attempt = delivery.handle.attempt
        ignoresResult = delivery.message.ignoreResult ?? false
        self.worker = worker
        self.now = now
    }

    /// The STARTED result.
    func startedResult() -> TaskResult {
        var result = result(.started, .null, nil, nil, nil)
        // For brokers that cannot count crashes: see `Delivery.blamed(by:)`.
        result.crashes = delivery.crashes
        return result
    }

    /// The outcome of a delivery without a report from a child.
    func outcome(_ state: TaskState, failure: TaskFailure) -> Outcome {
        let outcome = Outcome(handle: delivery.handle, results: [result(state, .null, failure, nil, nil)])
        return following(outcome, WorkflowSteps(after: delivery.message, state))
    }

    /// The outcome of a message that is given up: the task fails, and the message becomes a dead letter.
    ///
    /// - Parameter crashes: Attempts that lost their process.
    func burial(_ reason: DeathReason, failure: TaskFailure, crashes: Int = 0) -> Outcome {
        buried(outcome(.failure, failure: failure), reason, failure, crashes: crashes)
    }

    private func buried(_ outcome: Outcome, _ reason: DeathReason, _ failure: TaskFailure, crashes: Int = 0) -> Outcome {
        var outcome = outcome
        outcome.disposition = .bury(
            delivery.message,
            Burial(
                reason, error: "\(failure.type): \(failure.message)", date: now, worker: worker, attempts: attempt, crashes: crashes))
        // Nobody can look up a result without an id.
        if delivery.defect?.hasID == false { outcome.results = [] }
        return outcome
    }

    /// The outcome of an execution that a child reported.
    func outcome(of report: JobReport) -> Outcome {
        var outcome = Outcome(handle: delivery.handle, results: [])
        switch report.ending {
        case .success(let value):
            if !ignoresResult { outcome.results = [result(.success, value, nil, nil, report.errorOutput)] }
        case .failure(let failure, let traceback):
            outcome.results = [result(.failure, .null, failure, traceback, report.errorOutput)]
            // The message failed, not the task: its arguments could not be decoded.
            if failure.isOfMessage { outcome = buried(outcome, .unreadable, failure) }
        case .retry(let delay, let reason, let traceback):
            let failure = TaskFailure.retry(in: delay, because: reason.reason)
            outcome.results = [result(.retry, .null, failure, traceback, report.errorOutput)]
            outcome.disposition = .retry(RetryPlan.next(delivery.message, delay: delay, now: now, until: retryEnd))
        case .revoked: break
        }
        if case .revoked(let failure, _) = report.ending {
            var outcome = self.outcome(.revoked, failure: failure)
            outcome.results[0].errorOutput = report.errorOutput
            return outcome
        }
        return following(outcome, report.next)
    }

    /// The outcome of a built-in task, which has no result.
    ///
    /// - Parameter failure: The failure of the tasks that should have been sent; becomes the result of all of `next.heirs`.
    func outcome(sending next: Canvas.FollowUps, failing failure: TaskFailure? = nil) -> Outcome {
        var outcome = Outcome(handle: delivery.handle, results: [], followUps: next.messages)
        if let failure {
            outcome.results = Self.share(result(.failure, .null, failure, nil, nil), with: next.heirs)
        }
        return outcome
    }

    /// The outcome of a built-in task that must run again after `delay` seconds.
    func again(in delay: Double) -> Outcome {
        let message = RetryPlan.next(delivery.message, delay: delay, now: now)
        return Outcome(handle: delivery.handle, results: [], disposition: .retry(message))
    }

    private func following(_ outcome: Outcome, _ next: WorkflowSteps) -> Outcome {
        var outcome = outcome
        outcome.followUps = next.messages.compactMap { try? $0.message() }
        guard !outcome.results.isEmpty else { return outcome }
        outcome.results[0].children = next.children
        outcome.results += Self.share(outcome.results[0], with: next.heirs)
        return outcome
    }

    /// Copies the failure to tasks that will never run: without a result, their senders would wait forever.
    private static func share(_ shared: TaskResult, with heirs: [Canvas.Heir]) -> [TaskResult] {
        heirs.map { heir in
            var result = shared
            result.id = heir.id
            result.task = heir.task
            result.groupID = heir.groupID
            result.replyTo = heir.replyTo
            // Whether this task is ignored says nothing about its heirs.
            result.isIgnored = false
            result.children = []
            result.request = nil
            return result
        }
    }

    private func result(
        _ state: TaskState, _ value: JSON, _ failure: TaskFailure?, _ traceback: String?, _ errorOutput: String?
    ) -> TaskResult {
        let message = delivery.message
        var result = TaskResult(id: message.id, state: state, value: value, failure: failure)
        result.traceback = traceback
        result.errorOutput = errorOutput
        result.dateDone = state.isReady ? now : nil
        result.dateStarted = started
        result.groupID = message.groupID
        result.parentID = message.parentID
        result.task = message.task
        result.replyTo = message.replyTo
        result.isIgnored = ignoresResult
        result.worker = worker
        result.queue = message.route.queue
        result.retries = message.retries
        result.attempt = attempt
        // Nobody can look up or send again what has no id.
        if delivery.defect == nil { result.request = message }
        return result
    }
}
