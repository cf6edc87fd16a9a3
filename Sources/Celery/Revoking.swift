public import Client
import Commands

extension AsyncResult {
    /// Revokes the task: it does not run unless a worker has begun it.
    ///
    /// - Parameter terminating: Whether to end the task if it runs; its program gets SIGTERM.
    /// - Returns: `false` if the task has ended already.
    /// - Throws: `DriverError`.
    @discardableResult
    public func revoke(terminating: Bool = false) async throws -> Bool {
        try await client.revokeOpen([id], isTerminating: terminating, as: "client@%h").revoked > 0
    }
}

extension TaskSetResult {
    /// Revokes the tasks of the set that have not ended. Running tasks are not interrupted unless `terminating` is set.
    ///
    /// - Parameter terminating: Whether to end running tasks, too; their programs get SIGTERM.
    /// - Returns: The number of tasks that had not ended.
    /// - Throws: `DriverError`; some tasks may be revoked then.
    @discardableResult
    public func revoke(terminating: Bool = false) async throws -> Int {
        var revoked = 0
        for ids in pieces { revoked += try await client.revokeOpen(ids, isTerminating: terminating, as: "client@%h").revoked }
        return revoked
    }
}
