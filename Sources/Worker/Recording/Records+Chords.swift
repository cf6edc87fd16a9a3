import CeleryCore
import Wire

extension Records {
    /// Counts members of chords that have ended, and sends the bodies of the chords that they complete.
    ///
    /// Before the results are stored: a message that comes again with a result counts as done, and the members of a chord must
    /// have been counted by then. Counting again changes nothing, and who has begun to complete a chord goes on with it.
    func countChordParts(of outcomes: inout [Outcome]) async throws {
        for index in outcomes.indices where !outcomes[index].chordParts.isEmpty {
            guard let counting else {
                // A task that was sent with the members waits for them.
                outcomes[index].chordParts = []
                continue
            }
            while let part = outcomes[index].chordParts.first {
                let claim = "\(part.result.id):\(part.index.map(String.init) ?? "last")"
                if try await counting.count(part, as: claim) { try await complete(part, claim, counting, &outcomes[index]) }
                outcomes[index].chordParts.removeFirst()
            }
        }
    }

    private func complete(_ part: ChordPart, _ claim: String, _ counting: any ChordCounting, _ outcome: inout Outcome) async throws {
        let completion: ChordCompletion
        let chord = try await counting.chord(part.group)
        do throws(InvalidSignature) {
            completion = try ChordCompletion(part, chord)
        } catch {
            refusals.log.warn("cannot complete chord \(part.group): \(error)")
            return
        }
        let uncounted = completion.uncounted
        let others = uncounted.isEmpty ? [:] : try await counting.results(for: uncounted)
        switch completion.next(others) {
        case .send(let next):
            // Another has sent it, or is about to, if this took too long.
            guard try await counting.extendClaim(to: part.group, as: claim) else { return }
            try await publish(next, &outcome)
            try await counting.finishChord(part.group, as: claim)
        case .fail(let next, let failure):
            refusals.log.warn("chord \(part.group) fails: \(failure.message)")
            try await publish(next, &outcome)
            outcome.results += next.heirs.map { heir in
                var result = TaskResult(id: heir.id, state: .failure, failure: failure)
                (result.task, result.replyTo, result.groupID) = (heir.task, heir.replyTo, heir.groupID)
                (result.dateDone, result.worker) = (.now, part.result.worker)
                return result
            }
            try await counting.failChord(part.group)
        }
    }

    private func publish(_ next: Canvas.FollowUps, _ outcome: inout Outcome) async throws {
        for text in next.unsupported { refusals.log.warn(text) }
        // After an error the outcome is as before, and the chord is completed anew.
        var outcomes = [outcome]
        outcomes[0].followUps += next.messages
        try await publishFollowUps(of: &outcomes)
        outcome = outcomes[0]
    }
}
