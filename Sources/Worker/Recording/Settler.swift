import CeleryCore

/// Records outcomes: follow-ups published, result stored, delivery acknowledged.
///
/// What broker or store will refuse however often it is tried is told of by `Refusals`, and
/// holds up nothing else. All else that goes wrong is thrown, to be tried again.
protocol Settler: Sendable {
    /// Settles what is left of a settlement.
    ///
    /// - Throws: what may pass; the settlement then says what is left.
    func settle(_ settlement: inout Settlement) async throws

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
    let refusals: Refusals
    var mayGiveUp: Bool { false }

    func settle(_ settlement: inout Settlement) async throws {
        var count = settlement.rest.count
        while !settlement.isDone {
            do {
                settlement.close(try await consumer.settleAtomically(Array(settlement.rest.prefix(count))))
            } catch let error as DriverError where error.isAboutRequest {
                // One of them is refused, and which one shows when they go one by one.
                if count == 1 {
                    guard refusals.reduce(&settlement.rest[0], error) else { throw error }
                }
                count = 1
            }
        }
    }
}

/// One after the other, so that a crash in between repeats a step and loses none.
struct OrderedSettler: Settler {
    let records: Records
    let consumer: any BrokerConsumer

    func settle(_ settlement: inout Settlement) async throws {
        var count = settlement.rest.count
        try await dropLate(&settlement)
        while !settlement.isDone {
            try await records.publishFollowUps(of: &settlement.rest)
            // Before the result, by which a message that comes again is taken for done.
            if let consumer = consumer as? any DeadLetterSending { try await records.bury(of: &settlement.rest, by: consumer) }
            try await records.storeResults(of: &settlement.rest)
            do {
                settlement.close(try await consumer.settle(Array(settlement.rest.prefix(count))))
            } catch let error as DriverError {
                settlement.rest[..<min(count, settlement.rest.count)].noteRetries(acceptedBesides: error)
                guard error.isAboutRequest else { throw error }
                // What is published here is the next try of a task.
                if count == 1 {
                    guard records.refusals.failRetry(of: &settlement.rest[0], error) else { throw error }
                }
                count = 1
            }
        }
    }

    /// Takes out what comes too late, where that can be told beforehand: its result must not be stored.
    private func dropLate(_ settlement: inout Settlement) async throws {
        guard let checking = consumer as? any LeaseChecking, !settlement.isDone else { return }
        settlement.drop(unless: try await checking.stillHolds(settlement.rest.map(\.handle)))
    }
}

/// For deliveries that were acknowledged before they ran: there is no lease to end.
struct AcknowledgedSettler: Settler {
    let records: Records
    var mayGiveUp = true

    func settle(_ settlement: inout Settlement) async throws {
        for index in settlement.rest.indices {
            guard case .retry(let again) = settlement.rest[index].disposition else { continue }
            settlement.rest[index].followUps.append(again.counting(attempts: settlement.rest[index].handle.attempt))
            settlement.rest[index].disposition = .acknowledge
        }
        try await records.publishFollowUps(of: &settlement.rest)
        // The same order as for leased deliveries: a failure that can be seen has its dead letter.
        try await records.bury(of: &settlement.rest)
        try await records.storeResults(of: &settlement.rest)
        settlement.close(settlement.rest.map { _ in true })
    }
}

extension ArraySlice<Outcome> {
    /// After an error that says which messages were not accepted, the next tries that were are not sent again.
    fileprivate mutating func noteRetries(acceptedBesides error: DriverError) {
        guard !error.unconfirmed.isEmpty else { return }
        for index in indices {
            guard case .retry(let again) = self[index].disposition, !error.unconfirmed.contains(again.id) else { continue }
            self[index].disposition = .acknowledge
        }
    }
}
