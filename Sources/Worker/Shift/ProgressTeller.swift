import CeleryCore
import Tasks

/// Stores results of running tasks: PROGRESS, as a task tells it, and STARTED, for brokers that do not know which tasks their
/// workers run.
///
/// One write at a time, four a second at most, for all tasks of the worker. The end of a task that is being written about waits
/// for the write (`finish`), so that no state of a running task replaces that of an ended one, whatever the store.
final class ProgressTeller {
    private let configuration: WorkerConfiguration
    private let powers: ConsumerPowers
    private let jobs: JobBook
    private let now: @Sendable () -> Timestamp
    /// What running jobs said and is not stored yet, by number of the job.
    private var news: [Int64: JSONObject] = [:]
    /// The jobs of the write in progress.
    private var written: Set<Int64> = []
    /// Rings when there are news, and when a write has ended.
    private let bell = Bell()

    /// A task that has run this long is worth a STARTED result.
    private static let moment: Duration = .milliseconds(500)

    init(_ configuration: WorkerConfiguration, _ powers: ConsumerPowers, _ jobs: JobBook, now: @escaping @Sendable () -> Timestamp) {
        self.configuration = configuration
        self.powers = powers
        self.jobs = jobs
        self.now = now
    }

    /// Takes what a running job says. The newest counts.
    func note(_ number: Int64, _ info: JSONObject) {
        news[number] = info
        bell.ring()
    }

    /// Waits until nothing is being written about these jobs, which have ended, and drops their news.
    nonisolated(nonsending) func finish(_ numbers: [Int64]) async {
        if !news.isEmpty { for number in numbers { news[number] = nil } }
        while !written.isDisjoint(with: numbers) {
            let seen = bell.count
            if written.isEmpty { return }
            await bell.wait(since: seen, until: nil)
        }
    }

    /// Runs until it is cancelled.
    nonisolated(nonsending) func run() async {
        guard let store = powers.store else { return }
        // A store without `ResultRefining`, which sends results or keeps each as a message, need not be told of every start.
        let tellsStarts = !powers.fencesRepeats && powers.refining != nil
        var nextStarts = ContinuousClock.now + Self.moment
        while !Task.isCancelled {
            let seen = bell.count
            var results = progressResults()
            if tellsStarts, nextStarts <= .now {
                nextStarts = .now + Self.moment
                results += startedResults()
            }
            guard !results.isEmpty else {
                await bell.wait(since: seen, until: tellsStarts ? nextStarts : nil)
                continue
            }
            // Errors are ignored: this result is informational, and the outcome of the task is recorded separately.
            try? await store.store(results)
            written = []
            bell.ring()
            try? await Task.sleep(for: TaskStory.interval)
        }
    }

    /// Results of what running tasks said.
    private func progressResults() -> [TaskResult] {
        guard !news.isEmpty else { return [] }
        let now = self.now()
        var results: [TaskResult] = []
        for (number, info) in news {
            guard let job = jobs[number] else { continue }
            let builder = job.outcomeBuilder(configuration, now: now)
            // Nothing would ever replace the state of a task whose result is ignored.
            if builder.ignoresResult { continue }
            job.isTold = true
            written.insert(number)
            results.append(builder.progressResult(info))
        }
        news = [:]
        return results
    }

    /// Results of tasks that have run for a moment and were not reported yet.
    private func startedResults() -> [TaskResult] {
        let now = self.now()
        var results: [TaskResult] = []
        for job in jobs.all where !job.isTold && job.admitted + Self.moment <= now {
            job.isTold = true
            let builder = job.outcomeBuilder(configuration, now: now)
            guard !builder.ignoresResult && !job.isAcknowledged else { continue }
            written.insert(job.number)
            results.append(builder.startedResult())
        }
        return results
    }
}
