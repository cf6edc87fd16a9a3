import CeleryCore

extension Worker {
    /// A task that runs for so long is told of; what is shorter is not worth a write.
    private static let moment: Duration = .milliseconds(500)

    /// Writes down that tasks have started, where the broker itself does not know what workers run, until it is cancelled.
    func tellProgress(_ settler: any Settler) async {
        // A store that sends results, or keeps each as a message, could show the beginning after the end.
        guard settler is OrderedSettler, let store, store is any ResultRefining else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.moment)
            let started = startedResults()
            guard !started.isEmpty else { continue }
            // Only for those who look: what the task comes to is recorded whatever happens here.
            try? await store.store(started)
        }
    }

    /// Of each task that has run for a moment, once.
    private func startedResults() -> [TaskResult] {
        let now = self.now()
        var results: [TaskResult] = []
        for (tag, entry) in inFlight where !entry.isTold && entry.started + Self.moment <= now {
            inFlight[tag]?.isTold = true
            let builder = builder(for: entry)
            if !builder.ignoresResult && !entry.isAcknowledged { results.append(builder.startedResult()) }
        }
        return results
    }
}
