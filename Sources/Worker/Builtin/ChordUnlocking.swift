import CeleryCore
import Wire

/// One look at the header of a chord, and what comes of it.
struct ChordUnlocking: Sendable {
    let delivery: Delivery
    let builder: OutcomeBuilder
    let store: (any ResultStore)?
    let log: TaskLog

    /// Results looked up at a time: one that is missing among the first spares the others.
    private static let batch = 200

    func outcome() async -> Outcome {
        let message = delivery.message
        let chord: ChordUnlock
        do {
            chord = try ChordUnlock(BodyCodec.decode(message.body))
        } catch BodyError.invalidTask(let failure) {
            return refusal(failure)
        } catch {
            return refusal(.invalidTask("\(error)"))
        }
        guard let store, !(store is any ResultAnswering) else {
            return failing(chord, "this needs a result store in which results can be looked up; \(store?.location ?? "none") is not one")
        }
        do {
            return follow(chord, try await look(chord, in: store))
        } catch {
            log.brokerTrouble("cannot look up the results of chord \(chord.groupID)", error)
            return again(chord, because: "\(error)")
        }
    }

    private func look(_ chord: ChordUnlock, in store: any ResultStore) async throws -> Looked {
        // Sent by an earlier attempt, whose acknowledgement was lost.
        if delivery.handle.attempt > delivery.message.retries + 1, let id = chord.body.options["task_id"]?.stringValue,
            try await store.results(for: [TaskID(id)]).values.contains(where: \.state.isReady)
        {
            return .done
        }
        let ids = chord.ids
        var found: [TaskID: TaskResult] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.batch) {
            let part = Array(ids[start..<min(start + Self.batch, ids.count)])
            found.merge(try await store.results(for: part)) { $1 }
            guard part.allSatisfy({ found[$0]?.state.isReady == true }) else { return .at(.unready) }
        }
        return .at(chord.look(at: found))
    }

    private enum Looked {
        case done
        case at(ChordUnlock.Finding)
    }

    private func follow(_ chord: ChordUnlock, _ looked: Looked) -> Outcome {
        switch looked {
        case .done: return builder.outcome(sending: Canvas.FollowUps())
        case .at(.unready): return again(chord, because: "it was tried as often as it may be")
        case .at(.failed(let id, let failure)): return failing(chord, ChordUnlock.reason(id, failure), cause: failure)
        case .at(.ready(let values)):
            let next = chord.followUps(values, after: delivery.message, context: context)
            // A body that nobody can send would be waited for in vain.
            if let trouble = next.unsupported.first { return failing(chord, "Callback error: \(trouble)") }
            log.unlocked(delivery, chord.groupID, values.count)
            return builder.outcome(sending: next)
        }
    }

    /// Looks again later, unless that was the last time.
    private func again(_ chord: ChordUnlock, because reason: String) -> Outcome {
        if let limit = chord.maxRetries, delivery.message.retries >= limit {
            return failing(chord, "chord_unlock could not be retried: \(reason)")
        }
        return builder.again(in: chord.interval)
    }

    private func failing(_ chord: ChordUnlock, _ reason: String, cause: TaskFailure? = nil) -> Outcome {
        let (next, failure) = chord.followUps(failing: reason, cause: cause, after: delivery.message, context: context)
        log.failed(delivery, failure, traceback: nil)
        for text in next.unsupported { log.warn(text) }
        return builder.outcome(sending: next, failing: failure)
    }

    /// What cannot even be read has nobody to tell but who looks for this task.
    private func refusal(_ failure: TaskFailure) -> Outcome {
        log.failed(delivery, failure, traceback: nil)
        return builder.outcome(.failure, failure: failure)
    }

    private var context: Canvas.Context { Canvas.Context(now: builder.now) }
}
