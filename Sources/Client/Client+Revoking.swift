package import CeleryCore

extension Client {
    /// Revokes tasks: removes waiting messages and stores REVOKED results for them; workers are notified of the other tasks.
    ///
    /// - Parameters:
    ///   - ending: Makes the outcome of a removed message from the number of the attempt that it would have been.
    ///   - removed: Called with each batch of removed tasks, after their results were stored.
    /// - Throws: `DriverError`.
    package func revoke(
        _ revocations: [Revocation], ending: @escaping @Sendable (Message, _ attempt: Int) -> Outcome,
        removed: @escaping @Sendable ([TaskID]) -> Void
    ) async throws -> RevocationReport {
        guard let revoking = broker as? any Revoking else { throw DriverError.lacks("revoke tasks", broker.location) }
        let store = try self.store
        // Finished tasks need no command. The broker may have no access to the results.
        let ids = revocations.compactMap(\.target.id)
        let known = store is any ResultAnswering ? [:] : try await store.results(for: ids)
        let finished = Set(known.values.filter(\.state.isReady).map(\.id))
        let open = revocations.filter { revocation in
            revocation.target.id.map { !finished.contains($0) } ?? true
        }
        var report = RevocationReport()
        if !open.isEmpty {
            let storesResults = !revoking.endsInto(store)
            report = try await revoking.revoke(open, ending: ending) { messages in
                if storesResults { try await store.store(messages.flatMap(\.outcome.results)) }
                removed(messages.map(\.id))
            }
        }
        for id in finished { report.fates[id] = .finished }
        // With ack=early only the store knows the task.
        for (id, fate) in report.fates where fate == .unknown && known[id] != nil { report.fates[id] = .held }
        if !(broker is any MessageLocating) { try await announce(open.filter { !$0.isTerminating }, known, &report) }
        return report
    }

    /// Takes back messages that no worker has begun; where a broker cannot remove messages from its queues, workers drop them.
    ///
    /// - Throws: `DriverError`.
    func withdraw(_ ids: [TaskID]) async throws {
        if let broker = broker as? any MessageWithdrawing {
            _ = try await broker.withdraw(ids)
            return
        }
        guard !ids.isEmpty, broker is any Revoking else { return }
        let now = Timestamp.now
        let revocations = ids.map {
            Revocation(
                .id($0), isTerminating: false, signal: Revocation.defaultSignal, issued: now, until: now + Self.withdrawalLife)
        }
        let ending: @Sendable (Message, Int) -> Outcome = { message, attempt in
            var result = TaskResult(id: message.id, state: .revoked, failure: .revoked("revoked"))
            (result.dateDone, result.attempt) = (now, attempt)
            return Outcome(handle: DeliveryHandle(tag: 0, attempt: attempt), results: [result])
        }
        _ = try await revoke(revocations, ending: ending, removed: { _ in })
    }

    /// How long workers that start later remember that messages were withdrawn.
    private static let withdrawalLife: Duration = .seconds(86_400)

    /// Stores REVOKED results for clients that wait for these tasks, if the broker cannot locate messages.
    ///
    /// Running tasks are excluded: workers are asked first. Workers that have received the command start none of these tasks.
    /// If a worker that did not answer runs such a task anyway, its result replaces the one stored here.
    private func announce(
        _ revocations: [Revocation], _ known: [TaskID: TaskResult], _ report: inout RevocationReport
    ) async throws {
        guard let store = try self.store as? any RevocationAnnouncing else { return }
        var results: [TaskID: TaskResult] = [:]
        for revocation in revocations {
            guard let id = revocation.target.id, known[id] == nil else { continue }
            var result = TaskResult(id: id, state: .revoked, failure: .revoked("revoked"))
            result.dateDone = revocation.issued
            result.attempt = 0
            results[id] = result
        }
        guard !results.isEmpty else { return }
        for id in try await running(of: Array(results.keys)) {
            report.fates[id] = .held
            results[id] = nil
        }
        try await store.store(Array(results.values))
    }

    /// Workers that do not answer within this time are assumed to run none of the tasks.
    private static let askingTime: Duration = .seconds(1)

    /// The tasks that workers report as running.
    private func running(of ids: [TaskID]) async throws -> [TaskID] {
        guard let asking = broker as? any WorkerAsking else { return [] }
        let request = ControlRequest(method: "query_task", arguments: ["ids": .array(ids.map { .string($0.text) })])
        let answers = try await asking.ask([request], of: .all, within: Self.askingTime).answers[0]
        // Each worker answers `{ID: ["active", {...}]}` (`pidbox-*` in `Tests/Golden`).
        return ids.filter { id in
            answers.contains { answer in answer.value.objectValue?[id.text]?.arrayValue?.first == "active" }
        }
    }
}
