import CeleryCore

/// Keeps what running jobs have written so far, four times a second at most for all jobs. Their final output is stored with their
/// result, and is never replaced by what comes from here.
final class OutputWriter {
    private let store: (any OutputKeeping)?
    private let jobs: JobBook
    /// What has not been stored yet, by number of the job.
    private var pending: [Int64: [UInt8]] = [:]
    private let bell = Bell()

    init(_ powers: ConsumerPowers, _ jobs: JobBook) {
        store = powers.output
        self.jobs = jobs
    }

    /// Takes what a running job has written.
    func note(_ number: Int64, _ content: [UInt8]) {
        pending[number] = content
        bell.ring()
    }

    /// Runs until it is cancelled.
    nonisolated(nonsending) func run() async {
        guard let store else { return }
        while !Task.isCancelled {
            let seen = bell.count
            let outputs = pending.compactMap { number, content in
                jobs[number].map { AttemptOutput(id: $0.id, attempt: $0.attempt, isFinal: false, content: content) }
            }
            pending = [:]
            guard !outputs.isEmpty else {
                await bell.wait(since: seen, until: nil)
                continue
            }
            // Errors are ignored: the next report has all that is kept.
            try? await store.keep(outputs)
            try? await Task.sleep(for: OutputCollector.interval)
        }
    }
}
