import CeleryCore

/// Outcomes of jobs, by whether their deliveries are still leased to the worker.
struct Endings {
    private(set) var leased: [Outcome] = []
    private(set) var acknowledged: [Outcome] = []

    /// Adds the outcome of a job, and ends further deliveries of the same message.
    mutating func add(_ outcome: Outcome, of job: Job) {
        if job.isAcknowledged { acknowledged.append(outcome) } else { leased.append(outcome) }
        endOthers(of: job)
    }

    /// Ends further deliveries of the message of a job.
    mutating func endOthers(of job: Job) {
        leased += job.otherDeliveries.map { Outcome(handle: $0, results: []) }
    }
}
