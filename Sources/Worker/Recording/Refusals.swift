import CeleryCore

/// Tells of what can never be sent or stored: in the log, and to those who wait for it.
struct Refusals: Sendable {
    let log: TaskLog
    /// The worker's name.
    let worker: String
    let now: @Sendable () -> Timestamp

    /// Fails a message that cannot be published with an outcome, and what was to come after it.
    /// Its errbacks are published instead.
    func fail(_ message: Message, of outcome: inout Outcome, _ error: DriverError) {
        // A task that was acknowledged before it ran is published again for its next try.
        fail(message, of: &outcome, error, isNextTry: outcome.results.contains { $0.id == message.id })
    }

    /// Fails a task whose next try cannot be published.
    /// - Returns: false when the outcome is no retry.
    func failRetry(of outcome: inout Outcome, _ error: DriverError) -> Bool {
        guard case .retry(let again) = outcome.disposition else { return false }
        outcome.disposition = .acknowledge
        fail(again, of: &outcome, error, isNextTry: true)
        return true
    }

    /// A message that cannot be kept among the dead letters is gone, with its failure recorded.
    /// - Returns: false when it was not to go there.
    func failBurial(of outcome: inout Outcome, _ error: DriverError) -> Bool {
        guard case .bury(let message, _) = outcome.disposition else { return false }
        outcome.disposition = .acknowledge
        log.unburied(message, error)
        return true
    }

    private func fail(_ message: Message, of outcome: inout Outcome, _ error: DriverError, isNextTry: Bool) {
        log.unsent(message, isNextTry: isNextTry, error)
        // What stands in the store of this task must not fence off its end.
        let attempt = isNextTry ? outcome.handle.attempt : message.retries + 1
        let delivery = Delivery(handle: DeliveryHandle(tag: outcome.handle.tag, attempt: attempt), message: message)
        let end = OutcomeBuilder(delivery: delivery, worker: worker, now: now())
            .outcome(.failure, failure: .unsent("\(error)", isNextTry: isNextTry))
        outcome.results += end.results
        outcome.followUps += end.followUps
    }

    /// What is stored in place of a value that cannot be; `nil` when that would fare no better.
    func substitute(for result: TaskResult, _ error: DriverError) -> TaskResult? {
        guard result.state == .success else { return nil }
        var failed = result
        failed.state = .failure
        failed.value = .null
        failed.failure = .unstored("\(error)")
        return failed
    }

    func drop(_ result: TaskResult, _ error: DriverError) { log.unstored(result, error) }

    /// Takes out of an outcome what may be why it is refused as a whole, one kind of thing at a time.
    /// - Returns: false when nothing is left to take out.
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
