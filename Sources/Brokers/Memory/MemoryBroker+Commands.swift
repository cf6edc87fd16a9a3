package import CeleryCore
import Synchronization

/// Standing commands for the workers of a `MemoryBroker`.
struct MemoryCommands {
    private(set) var revocations: [Revocation] = []
    /// Number of revocations before the first one kept.
    private var dropped = 0
    var pauses: [String: QueuePause] = [:]

    /// Number of the last revocation.
    var last: Int { dropped + revocations.count }

    mutating func add(_ revocation: Revocation, now: Timestamp) {
        revocations.append(revocation)
        while let first = revocations.first, first.until <= now {
            revocations.removeFirst()
            dropped += 1
        }
    }

    func revocations(after number: Int, now: Timestamp) -> [Revocation] {
        revocations.dropFirst(max(0, number - dropped)).filter { $0.until > now }
    }
}

extension MemoryBroker: Revoking {
    package nonisolated func endsInto(_ store: any ResultStore) -> Bool { false }

    package func revoke(
        _ revocations: [Revocation], ending: @escaping @Sendable (Message, _ attempt: Int) -> Outcome,
        removed: @Sendable ([RemovedMessage]) async throws -> Void
    ) async throws -> RevocationReport {
        let (report, messages) = revoke(revocations, ending: ending)
        if !messages.isEmpty { try await removed(messages) }
        return report
    }

    private func revoke(
        _ revocations: [Revocation], ending: @Sendable (Message, _ attempt: Int) -> Outcome
    ) -> (RevocationReport, [RemovedMessage]) {
        var report = RevocationReport()
        var removed: [RemovedMessage] = []
        let named = Set(revocations.compactMap(\.target.id))
        for revocation in revocations {
            for id in held(where: revocation.covers) { report.fates[id] = .held }
            for (message, attempt) in drop(where: revocation.covers) {
                let outcome = ending(message, attempt + 1)
                publishNew(outcome.followUps)
                if named.contains(message.id) { report.fates[message.id] = .removed }
                removed.append(RemovedMessage(id: message.id, outcome: outcome))
            }
            if let id = revocation.target.id {
                if report.fates[id] == .removed { continue }
                report.fates[id] = report.fates[id] ?? .unknown
            }
            commands.add(revocation, now: timeNow())
        }
        bell.ring()
        return (report, removed)
    }
}

extension MemoryBroker: QueuePausing {
    package func pause(_ queue: String, _ pause: QueuePause) {
        commands.pauses[queue] = pause
        bell.ring()
    }

    package func resume(_ queue: String) -> Bool {
        defer { bell.ring() }
        return commands.pauses.removeValue(forKey: queue)?.holds(at: timeNow()) ?? false
    }

    package func pausedQueues() -> [String: QueuePause] {
        let now = timeNow()
        return commands.pauses.filter { $0.value.holds(at: now) }
    }
}

extension MemoryConsumer: CommandFollowing {
    package func takeCommands() async throws -> StandingCommands {
        let known = lastCommand.withLock { $0 }
        let (commands, last) = await broker.commands(after: known)
        lastCommand.withLock { $0 = last }
        knownPauses.withLock { $0 = commands.pauses }
        return commands
    }

    package func waitForCommands() async throws {
        while true {
            let seen = bell.count
            let (commands, last) = await broker.commands(after: lastCommand.withLock { $0 })
            if last != lastCommand.withLock({ $0 }) || commands.pauses != knownPauses.withLock({ $0 }) { return }
            await bell.wait(since: seen, until: nil)
            try Task.checkCancellation()
        }
    }
}
