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
    /// Whether a server is told of the end.
    var webhooks = WebhookRule()

    init(delivery: Delivery, worker: String, now: Timestamp) {
        self.delivery = delivery
        attempt = delivery.handle.attempt
        ignoresResult = delivery.message.ignoreResult ?? false
        self.worker = worker
        self.now = now
    }

    /// For an outcome that a worker records.
    init(delivery: Delivery, by configuration: WorkerConfiguration, now: Timestamp) {
        self.init(delivery: delivery, worker: configuration.identity.name, now: now)
        webhooks = configuration.webhooks
    }

    /// The STARTED result.
    func startedResult() -> TaskResult {
        var result = result(.started, .null, nil, nil, nil)
        // For brokers that cannot count crashes: see `Delivery.blamed(by:)`.
        result.crashes = delivery.crashes
        return result
    }

    /// The PROGRESS result: what the running task says about itself.
    func progressResult(_ info: JSONObject) -> TaskResult {
        var result = startedResult()
        result.state = TaskProgress.state
        result.value = .object(info)
        return result
    }

    /// The outcome of a delivery without a report from a child.
    func outcome(_ state: TaskState, failure: TaskFailure) -> Outcome {
        let next = WorkflowSteps(after: delivery.message, state)
        var outcome = Outcome(handle: delivery.handle, results: [result(state, .null, failure, nil, nil)])
        if state.isReady { outcome.chordParts = parts(next, outcome.results[0]) }
        return following(outcome, next, endedBy: outcome.results[0])
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
            if !ignoresResult {
                outcome.results = [result(.success, value, nil, nil, report.errorOutput)]
            } else if delivery.message.retries > 0 {
                // Else the task would be in the state RETRY for ever.
                outcome.results = [result(.success, .null, nil, nil, nil)]
            }
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
            outcome.results[0].meta = report.meta
            outcome.results[0].standardOutput = report.standardOutput
            outcome.output = output(of: report)
            return outcome
        }
        for index in outcome.results.indices {
            outcome.results[index].meta = report.meta
            outcome.results[index].standardOutput = report.standardOutput
        }
        outcome.output = output(of: report)
        switch report.ending {
        // Also of a result that nobody keeps.
        case .success(let value): return ending(outcome, report.next, result(.success, value, nil, nil, nil))
        case .failure(let failure, _): return ending(outcome, report.next, result(.failure, .null, failure, nil, nil))
        case .retry, .revoked: return following(outcome, report.next)
        }
    }

    private func ending(_ outcome: Outcome, _ next: WorkflowSteps, _ result: @autoclosure () -> TaskResult) -> Outcome {
        // Of most tasks nobody else is told.
        guard !next.memberships.isEmpty || webhooks.isNamed(by: delivery.message) else { return following(outcome, next) }
        let result = result()
        var outcome = following(outcome, next, endedBy: result)
        outcome.chordParts = parts(next, result)
        return outcome
    }

    /// The members of chords that have come to this result.
    private func parts(_ next: WorkflowSteps, _ result: TaskResult) -> [ChordPart] {
        next.memberships.map { membership in
            var result = result
            result.id = membership.id
            return ChordPart(
                group: membership.group, index: membership.index, result: result, body: membership.body,
                rootID: delivery.message.rootID ?? delivery.message.id)
        }
    }

    /// What the execution wrote.
    private func output(of report: JobReport) -> AttemptOutput? {
        report.output.map { AttemptOutput(id: delivery.message.id, attempt: attempt, isFinal: true, content: $0) }
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

    /// - Parameter end: The result by which the task has ended, stored or not; `nil` if it goes on.
    private func following(_ outcome: Outcome, _ next: WorkflowSteps, endedBy end: TaskResult? = nil) -> Outcome {
        var outcome = outcome
        outcome.followUps = next.messages.compactMap { try? $0.message() }
        if let end, let call = webhooks.message(after: delivery.message, end) { outcome.followUps.append(call) }
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
            result.meta = [:]
            result.standardOutput = nil
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
