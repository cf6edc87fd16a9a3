package import CeleryCore
package import Client
import Worker

extension Client {
    /// Revokes the tasks that have not ended.
    ///
    /// - Parameters:
    ///   - isTerminating: Whether to end running tasks, too.
    ///   - revoker: The program that revokes, for the results: `taskset@%h`.
    /// - Returns: How many had not ended, and how many of these a worker held.
    package func revokeOpen(_ ids: [TaskID], isTerminating: Bool, as revoker: String) async throws -> (revoked: Int, held: Int) {
        let now = Timestamp.now
        let name = WorkerIdentity.here(named: revoker).name
        let ended = try await store.results(for: ids).filter(\.value.state.isReady)
        let revocations = ids.filter { ended[$0] == nil }.map {
            Revocation(.id($0), isTerminating: isTerminating, signal: Revocation.defaultSignal, issued: now, until: now + .seconds(86_400))
        }
        guard !revocations.isEmpty else { return (0, 0) }
        let webhooks = WebhookRule(settings)
        let report = try await revoke(
            revocations, ending: { RevokedTask.outcome(of: $0, attempt: $1, by: name, now: now, webhooks: webhooks) }, removed: { _ in })
        return (revocations.count, report.fates.values.count { $0 == .held })
    }
}
