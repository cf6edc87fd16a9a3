import CeleryCore

/// Records outcomes: follow-ups published, result stored, delivery acknowledged.
protocol Settler: Sendable {
    /// - Returns: for each outcome whether it counted; a late one, fenced off, did not.
    func settle(_ outcomes: [Outcome]) async throws -> [Bool]

    /// Whether a worker that is to stop may end without a record.
    ///
    /// Where the message is still with a broker of its own, another worker gets it then, and runs
    /// it again; where one file keeps messages and results, nothing is gained by giving up.
    var mayGiveUp: Bool { get }
}

extension Settler {
    var mayGiveUp: Bool { true }
}

/// Everything in one transaction, on a broker that keeps the results as well.
struct AtomicSettler: Settler {
    let consumer: any AtomicSettling
    var mayGiveUp: Bool { false }

    func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        try await consumer.settleAtomically(outcomes)
    }
}

/// One after the other, so that a crash in between repeats a step and loses none.
struct OrderedSettler: Settler {
    let broker: any Broker
    let consumer: any BrokerConsumer
    /// `nil` when results are not kept at all.
    let store: (any ResultStore)?

    func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        let followUps = outcomes.flatMap(\.followUps)
        if !followUps.isEmpty { try await broker.publishFollowUps(followUps) }
        let results = outcomes.flatMap(\.results)
        if let store, !results.isEmpty { try await store.store(results) }
        return try await consumer.settle(
            outcomes.map { outcome in
                var settled = outcome
                settled.followUps = []
                settled.results = []
                return settled
            })
    }
}

extension Broker {
    /// Publishes messages of which some may be published already: by an earlier try of the
    /// same settling that failed after this step, or by another way to the same step of a chain.
    fileprivate func publishFollowUps(_ messages: [Message]) async throws {
        do {
            try await publish(messages)
        } catch let error as DriverError where error.code == .refused {
            for message in messages {
                do { try await publish([message]) } catch let error as DriverError where error.code == .refused {}
            }
        }
    }
}

/// For deliveries that were acknowledged before they ran: there is no lease to end.
struct AcknowledgedSettler: Settler {
    let broker: any Broker
    let store: (any ResultStore)?
    var mayGiveUp = true

    func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        var messages = outcomes.flatMap(\.followUps)
        for case .retry(let again) in outcomes.map(\.disposition) { messages.append(again) }
        if !messages.isEmpty { try await broker.publishFollowUps(messages) }
        let results = outcomes.flatMap(\.results)
        if let store, !results.isEmpty { try await store.store(results) }
        return outcomes.map { _ in true }
    }
}
