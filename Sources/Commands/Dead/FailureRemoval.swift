import CeleryCore
import Wire

/// Takes the failures of dead letters out of a result store, before they are sent again.
struct FailureRemoval {
    let store: any ResultStore

    /// - Returns: ids of those that have another final result than a failure by now: they are not to be sent.
    func clear(_ letters: [DeadLetter]) async throws -> Set<TaskID> {
        // Whoever is sent a result has it.
        if store is any ResultAnswering { return [] }
        let ids = letters.compactMap(\.taskID)
        // Later steps of a chain failed with it.
        let heirs = letters.compactMap(\.content?.message).flatMap(Canvas.heirs(of:))
        let known = try await store.results(for: (ids + heirs).distinct)
        let done = Set(ids.filter { known[$0]?.state.isReady == true && known[$0]?.state != .failure })
        let failed = known.values.filter { $0.state == .failure }.map(\.id)
        if !failed.isEmpty { _ = try await store.forget(failed) }
        return done
    }
}

extension DeadLetterFilter {
    /// Exactly these, and not those that take their places when they are sent and die again.
    init(_ letters: [DeadLetter]) {
        self.init()
        keys = Set(letters.map(\.key))
        until = letters.map(\.burial.date.seconds).max().map { Timestamp(seconds: $0.nextUp) }
    }
}
