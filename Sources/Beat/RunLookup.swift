import CeleryCore

/// Finds out what came of runs that were sent.
struct RunLookup: Sendable {
    let broker: any Broker
    let store: (any ResultStore)?

    /// Where only a result tells of the end, one that has not come for so long never comes.
    private static let patience: Duration = .seconds(86_400)

    /// What is known of these runs by now.
    enum Finding: Sendable, Equatable {
        /// It waits or runs, or may do so.
        case open
        /// It has ended, with this state; `nil` when that was not recorded.
        case ended(TaskState?, at: Timestamp?)
    }

    func look(for runs: [EntryRun], now: Timestamp) async throws -> [TaskID: Finding] {
        guard !runs.isEmpty else { return [:] }
        let ids = runs.map(\.id)
        // The broker first: a run that ends between the two looks is found in the store.
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
    /// Takes over what was found out.
    mutating func note(_ findings: [TaskID: RunLookup.Finding]) {
        open.removeAll { run in
            guard case .ended(let state, let time)? = findings[run.id] else { return false }
            if last?.id == run.id { last?.state = state }
            let ended = time ?? run.sent
            switch state {
            case .success?: lastSuccess = max(lastSuccess ?? ended, ended)
            case .failure?, .revoked?: lastFailure = max(lastFailure ?? ended, ended)
            default: break
            }
            return true
        }
    }
}
