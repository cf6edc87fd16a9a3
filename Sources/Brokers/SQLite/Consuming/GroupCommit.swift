/// Collects items while a commit runs, and commits them together.
///
/// A single caller does not wait: the first commit starts at once.
actor GroupCommit<Item: Sendable, Value: Sendable> {
    /// Commits all groups in one transaction; returns one result per group, or throws one error for all.
    typealias Commit = @Sendable ([[Item]]) async throws -> [Result<Value, any Error>]

    private let commit: Commit
    private var waiting: [(items: [Item], continuation: CheckedContinuation<Value, any Error>)] = []
    private var isCommitting = false

    init(commit: @escaping Commit) { self.commit = commit }

    /// Returns when the items are committed.
    func add(_ items: [Item]) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            waiting.append((items, continuation))
            if !isCommitting {
                isCommitting = true
                Task { await commitAll() }
            }
        }
    }

    private func commitAll() async {
        while !waiting.isEmpty {
            let groups = waiting
            waiting = []
            do {
                let results = try await commit(groups.map(\.items))
                for (group, result) in zip(groups, results) { group.continuation.resume(with: result) }
            } catch {
                for group in groups { group.continuation.resume(throwing: error) }
            }
        }
        isCommitting = false
    }
}
