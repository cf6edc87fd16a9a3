import CeleryCore

/// Reports messages and results that can never be sent or stored: in the log, and as failures to waiting clients.
struct Refusals: Sendable {
    let log: TaskLog
    /// The worker's name.
    let worker: String
    let now: @Sendable () -> Timestamp

    /// Fails a message that cannot be published, along with the steps after it. The errbacks of the message are published
    /// instead.
    func fail(_ message: Message, of outcome: inout Outcome, _ error: DriverError) {
        // The retry of a task that was acknowledged early is a follow-up with the id of the result.
        fail(message, of: &outcome, error, isNextTry: outcome.results.contains { $0.id == message.id })
    }

    /// Fails a task whose retry cannot be published.
    ///
    /// - Returns: `false` when the outcome is no retry.
    func failRetry(of outcome: inout Outcome, _ error: DriverError) -> Bool {
        guard case .retry(let again) = outcome.disposition else { return false }
        outcome.disposition = .acknowledge
        fail(again, of: &outcome, error, isNextTry: true)
        return true
    }

    /// Drops a message that cannot be stored as a dead letter. Its failure is still recorded.
    ///
    /// - Returns: `false` when the outcome has no dead letter.
    func failBurial(of outcome: inout Outcome, _ error: DriverError) -> Bool {
        guard case .bury(let message, _) = outcome.disposition else { return false }
        outcome.disposition = .acknowledge
        log.unburied(message, error)
        return true
    }

    private func fail(_ message: Message, of outcome: inout Outcome, _ error: DriverError, isNextTry: Bool) {
        log.unsent(message, isNextTry: isNextTry, error)
        // With a lower attempt number, a result already stored for this task would fence off the failure.
        let attempt = isNextTry ? outcome.handle.attempt : message.retries + 1
        let delivery = Delivery(handle: DeliveryHandle(tag: outcome.handle.tag, attempt: attempt), message: message)
        let end = OutcomeBuilder(delivery: delivery, worker: worker, now: now())
            .outcome(.failure, failure: .unsent("\(error)", isNextTry: isNextTry))
        outcome.results += end.results
        outcome.followUps += end.followUps
    }

    /// The failure to store in place of a value that cannot be stored; `nil` unless the task succeeded.
    func substitute(for result: TaskResult, _ error: DriverError) -> TaskResult? {
        guard result.state == .success else { return nil }
        var failed = result
        failed.state = .failure
        failed.value = .null
        failed.failure = .unstored("\(error)")
        return failed
    }

    func drop(_ result: TaskResult, _ error: DriverError) { log.unstored(result, error) }

    func dropReply(_ result: TaskResult, _ error: DriverError) { log.unanswered(result, error) }

    /// Removes from a refused outcome the part that may be the reason, one kind of part for each call.
    ///
    /// - Returns: `false` when nothing is left to remove.
    func reduce(_ outcome: inout Outcome, _ error: DriverError) -> Bool {
        if failRetry(of: &outcome, error) || failBurial(of: &outcome, error) { return true }
        if !outcome.followUps.isEmpty {
            let messages = outcome.followUps
            outcome.followUps = []
            for message in messages { fail(message, of: &outcome, error) }
            return true
        }
        let values = outcome.results.map { substitute(for: $0, error) }
        if values.contains(where: { $0 != nil }) {
            outcome.results = zip(outcome.results, values).map { $1 ?? $0 }
            return true
        }
        guard !outcome.results.isEmpty else { return false }
        for result in outcome.results { drop(result, error) }
        outcome.results = []
        return true
    }
}
