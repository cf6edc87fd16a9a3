import CeleryCore
import Wire

/// Removes the failures of dead letters from a result store before the letters are resent.
struct FailureRemoval {
    let store: any ResultStore

    /// - Returns: the ids of tasks that have a final result other than a failure; they must not be resent.
    func clear(_ letters: [DeadLetter]) async throws -> Set<TaskID> {
        // Results sent to the client cannot be withdrawn.
        if store is any ResultAnswering { return [] }
        let ids = letters.compactMap(\.taskID)
        // Later steps of a chain failed with the task.
        let heirs = letters.compactMap(\.content?.message).flatMap(Canvas.heirs(of:))
        let known = try await store.results(for: (ids + heirs).distinct)
        let done = Set(ids.filter { known[$0]?.state.isReady == true && known[$0]?.state != .failure })
        let failed = known.values.filter { $0.state == .failure }.map(\.id)
        if !failed.isEmpty { _ = try await store.forget(failed) }
        return done
    }
}

extension DeadLetterFilter {
    /// Exactly these letters, not later ones with the same ids that are given up again after a replay.
    init(_ letters: [DeadLetter]) {
        self.init()
        keys = Set(letters.map(\.key))
        until = letters.map(\.burial.date.seconds).max().map { Timestamp(seconds: $0.nextUp) }
    }
}
