import CeleryDB
/// Gathers what callers bring while a commit is under way, and commits it together.
///
/// A caller that comes alone waits for nothing: the first commit begins at once.
actor GroupCommit<Item: Sendable> {
    /// Commits all groups at once; a result for each, or one error for all.
    typealias Commit = @Sendable ([[Item]]) async throws -> [Result<Void, any Error>]

    private let commit: Commit
    private var waiting: [(items: [Item], continuation: CheckedContinuation<Void, any Error>)] = []
    private var isCommitting = false

    init(commit: @escaping Commit) { self.commit = commit }

    /// Returns when the items are committed.
    func add(_ items: [Item]) async throws {
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
