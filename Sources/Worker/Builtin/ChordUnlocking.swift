import CeleryCore
import Wire

/// Runs `chord_unlock` once: checks the results of the chord's header tasks, and sends the body, fails, or retries.
struct ChordUnlocking: Sendable {
    let delivery: Delivery
    let builder: OutcomeBuilder
    let store: (any ResultStore)?
    let log: TaskLog

    /// Number of results per lookup. A missing result in one batch saves looking up the next ones.
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
            return failing(chord, "chords need a result store that can look up results of other tasks; \(store?.location ?? "none") cannot")
        }
        do {
            return follow(chord, try await look(chord, in: store))
        } catch {
            log.brokerTrouble("cannot look up the results of chord \(chord.groupID)", error)
            return again(chord, because: "\(error)")
        }
    }

    private func look(_ chord: ChordUnlock, in store: any ResultStore) async throws -> Looked {
        // An earlier attempt sent the body, but its acknowledgement was lost.
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
        case .at(.unready): return again(chord, because: "the maximum number of retries is reached")
        case .at(.failed(let id, let failure)): return failing(chord, ChordUnlock.reason(id, failure), cause: failure)
        case .at(.ready(let values)):
            let next = chord.followUps(values, after: delivery.message, context: context)
            // If the body cannot be sent, clients must not wait for it in vain.
            if let trouble = next.unsupported.first { return failing(chord, "Callback error: \(trouble)") }
            log.unlocked(delivery, chord.groupID, values.count)
            return builder.outcome(sending: next)
        }
    }

    /// Retries later, unless the maximum number of retries is reached.
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

    /// Fails only this task: without a readable body, the chord's own tasks are unknown.
    private func refusal(_ failure: TaskFailure) -> Outcome {
        log.failed(delivery, failure, traceback: nil)
        return builder.outcome(.failure, failure: failure)
    }

    private var context: Canvas.Context { Canvas.Context(now: builder.now) }
}
