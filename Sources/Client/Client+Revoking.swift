package import CeleryCore

extension Client {
    /// Has tasks not run, or stopped: those that wait are removed and their results say so; workers know of the others.
    ///
    /// - Parameter ending: The outcome of a message that is removed, whose attempt would have been this one.
    /// - Throws: `DriverError`.
    package func revoke(
        _ revocations: [Revocation], ending: @escaping @Sendable (Message, _ attempt: Int) -> Outcome
    ) async throws -> RevocationReport {
        guard let revoking = broker as? any Revoking else { throw DriverError.lacks("revoke tasks", broker.location) }
        let store = try self.store
        // What has ended needs no order. The broker may know nothing of results.
        let ids = revocations.compactMap { revocation -> TaskID? in
            if case .id(let id) = revocation.target { id } else { nil }
        }
        let known = store is any ResultAnswering ? [:] : try await store.results(for: ids)
        let finished = Set(known.values.filter(\.state.isReady).map(\.id))
        let open = revocations.filter { revocation in
            if case .id(let id) = revocation.target { !finished.contains(id) } else { true }
        }
        var report = open.isEmpty ? RevocationReport() : try await revoking.revoke(open, ending: ending)
        for id in finished { report.fates[id] = .finished }
        // Acknowledged before it ran, it is the store that has heard of it.
        for (id, fate) in report.fates where fate == .unknown && known[id] != nil { report.fates[id] = .held }
        if !revoking.endsInto(store) { try await store.store(report.removed.flatMap(\.results)) }
        // Where nobody can tell who has a message, those who wait for its result are told at once, as Python does; but
        // not of one that is known to run.
        if store is any ResultRefining, !(broker is any MessageLocating) {
            let silent = open.filter { !$0.isTerminating }.compactMap { revocation -> TaskResult? in
                guard case .id(let id) = revocation.target, known[id] == nil else { return nil }
                var result = TaskResult(id: id, state: .revoked, failure: .revoked("revoked"))
                result.dateDone = revocation.issued
                return result
            }
            try await store.store(silent)
        }
        return report
    }
}
