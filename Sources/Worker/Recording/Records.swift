import CeleryCore

/// Publishes the follow-ups of outcomes, stores their results, and sends them to waiting clients, in batches.
///
/// Only after a refusal are they sent one by one, to find the items that are refused for good. Completed steps are removed
/// from the outcomes.
struct Records: Sendable {
    let broker: any Broker
    /// `nil` when results are not stored at all.
    let store: (any ResultStore)?
    /// Sends results to the clients that wait for them; `nil` when the store does so, or nobody is answered.
    let replying: (any ReplySending)?
    let refusals: Refusals
    /// The store, if it keeps what tasks write.
    private let output: (any OutputKeeping)?
    /// The store, if it counts the members of chords.
    let counting: (any ChordCounting)?
    private let burying: (any DeadLetterKeeping)?

    init(broker: any Broker, store: (any ResultStore)?, replying: (any ReplySending)? = nil, refusals: Refusals) {
        (self.broker, self.store, self.replying, self.refusals) = (broker, store, replying, refusals)
        output = store as? any OutputKeeping
        counting = store as? any ChordCounting
        burying = broker as? any DeadLetterKeeping
    }

    /// Whether an outcome has no step but those that broker and result store can take as one.
    func hasOnlyCommonSteps(_ outcome: Outcome) -> Bool {
        guard outcome.chordParts.isEmpty, outcome.replies.isEmpty else { return false }
        return replying == nil || !outcome.results.contains(where: \.isAwaited)
    }

    func publishFollowUps(of outcomes: inout [Outcome]) async throws {
        let messages = outcomes.flatMap(\.followUps)
        guard !messages.isEmpty else { return }
        do {
            try await broker.publish(messages)
            for index in outcomes.indices { outcomes[index].followUps = [] }
            return
        } catch let error as DriverError {
            if !error.unconfirmed.isEmpty {
                for index in outcomes.indices { outcomes[index].followUps.removeAll { !error.unconfirmed.contains($0.id) } }
            }
            guard error.isAboutRequest else { throw error }
        }
        for index in outcomes.indices {
            while let message = outcomes[index].followUps.first {
                do {
                    try await broker.publish([message])
                } catch let error as DriverError where error.code == .alreadyThere {
                    // An earlier attempt, or another path to the same step of a chain, has published the message.
                } catch let error as DriverError where error.isAboutRequest {
                    refusals.fail(message, of: &outcomes[index], error)
                }
                outcomes[index].followUps.removeFirst()
            }
        }
    }

    func storeResults(of outcomes: inout [Outcome]) async throws {
        try await keepOutput(of: &outcomes)
        let results = outcomes.flatMap(\.results)
        guard !results.isEmpty else { return }
        do {
            if let store { try await store.store(results) }
            for index in outcomes.indices {
                noteReplies(outcomes[index].results, of: &outcomes[index])
                outcomes[index].results = []
            }
            return
        } catch let error as DriverError where error.isAboutRequest {}
        for index in outcomes.indices {
            while let result = outcomes[index].results.first {
                // The client gets what others can look up.
                noteReplies([try await store?.store(alone: result, refusals) ?? result], of: &outcomes[index])
                outcomes[index].results.removeFirst()
            }
        }
    }

    private func noteReplies(_ stored: [TaskResult], of outcome: inout Outcome) {
        if replying != nil { outcome.replies += stored.filter(\.isAwaited) }
    }

    /// Sends stored results to the clients that wait for them.
    func sendReplies(of outcomes: inout [Outcome]) async throws {
        guard let replying else { return }
        let replies = outcomes.flatMap(\.replies)
        guard !replies.isEmpty else { return }
        do {
            try await replying.reply(replies)
            for index in outcomes.indices { outcomes[index].replies = [] }
            return
        } catch let error as DriverError {
            if !error.unconfirmed.isEmpty {
                for index in outcomes.indices { outcomes[index].replies.removeAll { !error.unconfirmed.contains($0.id) } }
            }
            guard error.isAboutRequest else { throw error }
        }
        for index in outcomes.indices {
            while let reply = outcomes[index].replies.first {
                do {
                    try await replying.reply([reply])
                } catch let error as DriverError where error.isAboutRequest {
                    refusals.dropReply(reply, error)
                }
                outcomes[index].replies.removeFirst()
            }
        }
    }
}

extension Records {
    /// Keeps what attempts wrote, before their results: whoever has seen a result then finds all of its output.
    private func keepOutput(of outcomes: inout [Outcome]) async throws {
        let outputs = outcomes.compactMap(\.output)
        guard !outputs.isEmpty else { return }
        if let output {
            do {
                try await output.keep(outputs)
            } catch let error as DriverError where error.isAboutRequest {
                // Output that can never be kept does not hold up the results.
                refusals.log.warn("cannot keep the output of \(outputs.count) attempts: \(error)")
            }
        }
        for index in outcomes.indices { outcomes[index].output = nil }
    }

    /// Publishes dead letters of messages that are already acknowledged.
    func bury(of outcomes: inout [Outcome]) async throws {
        for index in outcomes.indices {
            guard case .bury(let message, let burial) = outcomes[index].disposition else { continue }
            do {
                guard let burying else { throw DriverError.lacks("keep dead letters", broker.location) }
                try await burying.bury(message, burial)
            } catch let error as DriverError where error.isAboutRequest || error.code == .unsupported {
                _ = refusals.failBurial(of: &outcomes[index], error)
            }
            outcomes[index].disposition = .acknowledge
        }
    }

    /// Publishes dead letters of messages that `consumer` still holds.
    func bury(of outcomes: inout [Outcome], by consumer: any DeadLetterSending) async throws {
        let dead = outcomes.indices.filter { if case .bury = outcomes[$0].disposition { true } else { false } }
        guard !dead.isEmpty else { return }
        do {
            try await consumer.sendDeadLetters(of: dead.map { outcomes[$0] })
            for index in dead { outcomes[index].disposition = .acknowledge }
            return
        } catch let error as DriverError where error.isAboutRequest {}
        for index in dead {
            do {
                try await consumer.sendDeadLetters(of: [outcomes[index]])
                outcomes[index].disposition = .acknowledge
            } catch let error as DriverError where error.isAboutRequest {
                _ = refusals.failBurial(of: &outcomes[index], error)
            }
        }
    }
}

extension ResultStore {
    /// Stores one result, or else a failure in its place, or else drops the result.
    ///
    /// - Returns: What is stored, or was dropped.
    fileprivate func store(alone result: TaskResult, _ refusals: Refusals) async throws -> TaskResult {
        do {
            try await store([result])
        } catch let error as DriverError where error.isAboutRequest {
            if let substitute = refusals.substitute(for: result, error) {
                do {
                    try await store([substitute])
                    return substitute
                } catch let error as DriverError where error.isAboutRequest {}
            }
            refusals.drop(result, error)
        }
        return result
    }
}
