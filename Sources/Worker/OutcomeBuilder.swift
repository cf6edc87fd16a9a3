import CeleryCore
import Tasks
import Wire

/// Makes the outcome of a delivery from how its execution ended.
struct OutcomeBuilder {
    let delivery: Delivery
    let worker: String
    let now: Timestamp
    var started: Timestamp?
    var ignoresResult = false
    var options = TaskOptions()

    init(delivery: Delivery, worker: String, now: Timestamp) {
        self.delivery = delivery
        self.worker = worker
        self.now = now
    }

    func outcome(
        _ state: TaskState, value: JSON = .null, failure: TaskFailure? = nil, traceback: String? = nil,
        errorOutput: String? = nil
    ) -> Outcome {
        Outcome(handle: delivery.handle, results: [result(state, value, failure, traceback, errorOutput)])
    }

    /// The outcome of an execution that came to its end in a child.
    func outcome(of report: JobReport) -> Outcome {
        let message = delivery.message
        var outcome: Outcome
        switch report.ending {
        case .success(let value):
            outcome = self.outcome(.success, value: value, errorOutput: report.errorOutput)
            if ignoresResult { outcome.results = [] }
        case .failure(let failure, let traceback):
            outcome = self.outcome(.failure, failure: failure, traceback: traceback, errorOutput: report.errorOutput)
        case .retry(let delay, let reason, let traceback):
            if let again = RetryPolicy.next(message, options, delay: delay, now: now) {
                let failure = TaskFailure.retry(in: delay, because: reason.message)
                outcome = self.outcome(.retry, failure: failure, traceback: traceback, errorOutput: report.errorOutput)
                outcome.disposition = .retry(again)
            } else {
                outcome = self.outcome(.failure, failure: reason, traceback: traceback, errorOutput: report.errorOutput)
            }
        }
        outcome.followUps = report.followUps.compactMap { try? $0.message() }
        // Chain members that will never run share the failure, or their submitter would wait for ever.
        if let failed = outcome.results.first, failed.state == .failure {
            outcome.results += report.failedWithIt.map { id in
                var shared = failed
                shared.id = TaskID(id)
                shared.children = []
                return shared
            }
        }
        return outcome
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
        result.worker = worker
        result.queue = message.route.queue
        result.retries = message.retries
        result.attempt = delivery.handle.attempt
        return result
    }
}
