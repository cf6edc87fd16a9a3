import CeleryCore

/// Looks up the outcomes of runs.
struct RunLookup: Sendable {
    let broker: any Broker
    let store: (any ResultStore)?

    /// If the broker cannot locate messages, a run without a result counts as ended after this time.
    private static let patience: Duration = .seconds(86_400)

    /// What is known about a run.
    enum Finding: Sendable, Equatable {
        /// The run waits or runs, or may do so.
        case open
        /// The run has ended in this state; `nil` when the state was not recorded.
        case ended(TaskState?, at: Timestamp?)
    }

    func look(for runs: [EntryRun], now: Timestamp) async throws -> [TaskID: Finding] {
        guard !runs.isEmpty else { return [:] }
        let ids = runs.map(\.id)
        // Asks the broker first: a run that ends between the two queries is then found in the store.
        let located = try await (broker as? any MessageLocating)?.locate(ids)
        let results = try await store?.results(for: ids) ?? [:]
        var findings: [TaskID: Finding] = [:]
        for run in runs {
            if let result = results[run.id], result.state.isReady {
                findings[run.id] = .ended(result.state, at: result.dateDone)
            } else if let located {
                findings[run.id] = located[run.id] == nil ? .ended(nil, at: nil) : .open
            } else {
                findings[run.id] = run.sent + Self.patience < now ? .ended(nil, at: nil) : .open
            }
        }
        return findings
    }
}

extension EntryRecord {
    /// Updates the record from the findings.
    mutating func note(_ findings: [TaskID: RunLookup.Finding]) {
        var endings: [(time: Timestamp, state: TaskState?)] = []
        open.removeAll { run in
            guard case .ended(let state, let time)? = findings[run.id] else { return false }
            if last?.id == run.id { last?.state = state }
            endings.append((time ?? run.sent, state))
            return true
        }
        for (time, state) in endings.sorted(by: { $0.time < $1.time }) {
            switch state {
            case .failure?, .revoked?:
                lastFailure = max(lastFailure ?? time, time)
                failures += 1
            case .success?:
                lastSuccess = max(lastSuccess ?? time, time)
                failures = 0
            // Nobody knows how the run ended, so it proves no failure.
            default: failures = 0
            }
        }
    }
}
