import CeleryCore
import Client
import Worker

/// Takes back the messages of a dmap.
struct Withdrawal: Sendable {
    let client: Client

    /// Whether messages are removed, so that those that workers give back later can be removed, too. What is revoked stays so.
    var canBeRepeated: Bool { client.broker is any MessageWithdrawing }

    /// Withdraws messages that no worker has begun.
    ///
    /// Where a broker cannot remove messages from its queues, they are revoked: workers drop them.
    ///
    /// - Parameter willRevoke: Called before ids are revoked, which cannot be used again then.
    /// - Returns: The withdrawn tasks.
    /// - Throws: `DriverError`.
    func withdraw(_ ids: [TaskID], willRevoke: @Sendable () async throws -> Void) async throws -> [TaskID] {
        if let broker = client.broker as? any MessageWithdrawing { return Array(try await broker.withdraw(ids)) }
        guard !ids.isEmpty, client.broker is any Revoking else { return [] }
        try await willRevoke()
        let report = try await revoke(ids, isTerminating: false, until: Timestamp.now + .seconds(86_400))
        // Of tasks that have begun, such a broker knows nothing, but the store may.
        let stored = try await client.store.results(for: ids)
        return ids.filter { id in
            let hasBegun = stored[id].map { !$0.state.isReady } ?? false
            return !hasBegun && report.fates[id] != .held && report.fates[id] != .finished
        }
    }

    /// Withdraws the members of a set up to a number, as `withdraw(_:willRevoke:)`.
    func withdraw(_ set: SetNumbering, through last: Int) async throws -> [TaskID] {
        var withdrawn: [TaskID] = []
        for start in stride(from: 1, through: last, by: Self.piece) {
            withdrawn += try await withdraw((start...min(last, start + Self.piece - 1)).map(set.member), willRevoke: {})
        }
        return withdrawn
    }

    private static let piece = 10_000

    /// Revokes tasks, those that run included.
    ///
    /// - Parameter until: How long workers that start later remember it.
    /// - Throws: `DriverError`.
    func revoke(_ ids: [TaskID], until: Timestamp) async throws {
        _ = try await revoke(ids, isTerminating: true, until: until)
    }

    private func revoke(_ ids: [TaskID], isTerminating: Bool, until: Timestamp) async throws -> RevocationReport {
        guard !ids.isEmpty, client.broker is any Revoking else { return RevocationReport() }
        let now = Timestamp.now
        let (name, webhooks) = (WorkerIdentity.here(named: "dmap@%h").name, WebhookRule(client.settings))
        let revocations = ids.map {
            Revocation(.id($0), isTerminating: isTerminating, signal: Revocation.defaultSignal, issued: now, until: until)
        }
        return try await client.revoke(
            revocations, ending: { RevokedTask.outcome(of: $0, attempt: $1, by: name, now: now, webhooks: webhooks) }, removed: { _ in })
    }
}

extension MemberFollower {
    /// Withdraws the awaited tasks that no worker has begun, and awaits them no longer.
    ///
    /// - Returns: The withdrawn tasks.
    func withdraw(by withdrawal: Withdrawal, willRevoke: @Sendable () async throws -> Void) async throws -> [TaskID] {
        let withdrawn = try await withdrawal.withdraw(awaited, willRevoke: willRevoke)
        drop(withdrawn)
        return withdrawn
    }
}
