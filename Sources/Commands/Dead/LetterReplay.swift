import CeleryCore

/// Sends dead letters again, whose failures would else stand in the way of their success.
struct LetterReplay {
    let keeping: any DeadLetterKeeping
    let store: any ResultStore

    /// Sends some letters, and exactly these.
    ///
    /// - Parameter queue: Instead of the letters' own queues.
    /// - Returns: For each letter, whether it was sent, or why not.
    func send(_ letters: [DeadLetter], to queue: String?) async throws -> [DeadLetterReplay] {
        var filter = DeadLetterFilter(letters)
        var refused: [DeadLetterReplay] = []
        if !keeping.replayClears(store) {
            let full = try await keeping.deadLetters(filter, limit: letters.count, withContent: true)
            for id in try await FailureRemoval(store: store).clear(full) {
                filter.keys?.remove(id.text)
                refused += letters.filter { $0.taskID == id }.map {
                    DeadLetterReplay($0, refusal: "task id \(id) is already in use: its result is stored")
                }
            }
        }
        guard filter.keys?.isEmpty == false else { return refused }
        return refused + (try await keeping.replay(filter, limit: letters.count, to: queue))
    }
}
