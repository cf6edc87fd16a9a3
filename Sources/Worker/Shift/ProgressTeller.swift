import CeleryCore

/// Stores STARTED results of running tasks, for brokers that do not know which tasks their workers run.
final class ProgressTeller {
    private let configuration: WorkerConfiguration
    private let powers: ConsumerPowers
    private let jobs: JobBook
    private let now: @Sendable () -> Timestamp

    /// Only a task that has run this long is worth a write.
    private static let moment: Duration = .milliseconds(500)

    init(_ configuration: WorkerConfiguration, _ powers: ConsumerPowers, _ jobs: JobBook, now: @escaping @Sendable () -> Timestamp) {
        self.configuration = configuration
        self.powers = powers
        self.jobs = jobs
        self.now = now
    }

    /// Runs until it is cancelled.
    nonisolated(nonsending) func run() async {
        // A store without `ResultRefining`, which sends results or keeps each as a message, could show the start of a task
        // after its end.
        guard !powers.fencesRepeats, let store = powers.refining else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.moment)
            let started = startedResults()
            guard !started.isEmpty else { continue }
            // Errors are ignored: this result is informational, and the outcome of the task is recorded separately.
            try? await store.store(started)
        }
    }

    /// Results of tasks that have run for a moment and were not reported yet.
    private func startedResults() -> [TaskResult] {
        let now = self.now()
        var results: [TaskResult] = []
        for job in jobs.all where !job.isTold && job.admitted + Self.moment <= now {
            job.isTold = true
            let builder = job.outcomeBuilder(configuration, now: now)
            if !builder.ignoresResult && !job.isAcknowledged { results.append(builder.startedResult()) }
        }
        return results
    }
}
