import CeleryCore

/// Outcomes of jobs, separated by whether the delivery is still leased to the worker.
struct Endings: Sendable {
    private(set) var leased: [Outcome] = []
    private(set) var acknowledged: [Outcome] = []

    /// Adds the outcome of a job, and acknowledges further deliveries of the same message.
    mutating func add(_ outcome: Outcome, of job: Job) {
        if job.isAcknowledged { acknowledged.append(outcome) } else { leased.append(outcome) }
        endOthers(of: job)
    }

    /// Acknowledges further deliveries of a job's message.
    mutating func endOthers(of job: Job) {
        leased += job.otherDeliveries.map { Outcome(handle: $0, results: []) }
    }
}
