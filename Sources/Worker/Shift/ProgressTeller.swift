import CeleryCore

/// Writes down that tasks have started, where the broker does not know what its workers run.
final class ProgressTeller {
    private let configuration: WorkerConfiguration
    private let powers: ConsumerPowers
    private let jobs: JobBook
    private let now: @Sendable () -> Timestamp

    /// A task is told of when it has run this long; a shorter one is not worth a write.
    private static let moment: Duration = .milliseconds(500)

    init(_ configuration: WorkerConfiguration, _ powers: ConsumerPowers, _ jobs: JobBook, now: @escaping @Sendable () -> Timestamp) {
        self.configuration = configuration
        self.powers = powers
        self.jobs = jobs
        self.now = now
    }

    /// Does so until it is cancelled.
    nonisolated(nonsending) func run() async {
        // A store that sends results, or keeps each as a message, could show the beginning after the end.
        guard !powers.fencesRepeats, let store = powers.refining else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.moment)
            let started = startedResults()
            guard !started.isEmpty else { continue }
            // Only for those who look: the end of the task is recorded whatever happens here.
            try? await store.store(started)
        }
    }

    /// Of each task that has run for a moment, once.
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
