import CeleryCore

/// Records outcomes: publishes follow-ups, stores the result, sends it to a waiting client, acknowledges the delivery.
///
/// `Refusals` handles messages and results that broker or store refuse for good, so that they block nothing else. All other
/// errors are thrown, to be retried.
protocol Settler: Sendable {
    /// Settles the rest of a settlement.
    ///
    /// - Throws: Errors worth a retry; `settlement` then holds the remaining steps.
    func settle(_ settlement: inout Settlement) async throws

    /// Whether a stopping worker may end without a record.
    ///
    /// A broker that is separate from the result store redelivers the message to another worker. When one file stores
    /// messages and results, nothing is gained by giving up.
    var mayGiveUp: Bool { get }
}

extension Settler {
    var mayGiveUp: Bool { true }
}

/// Settles in one transaction, on a broker that also stores the results.
struct AtomicSettler: Settler {
    let consumer: any AtomicSettling
    let refusals: Refusals
    var mayGiveUp: Bool { false }

    func settle(_ settlement: inout Settlement) async throws {
        var count = settlement.rest.count
        while !settlement.isDone {
            do {
                let next = count < settlement.rest.count ? Array(settlement.rest.prefix(count)) : settlement.rest
                settlement.close(try await consumer.settleAtomically(next))
            } catch let error as DriverError where error.isAboutRequest {
                // One outcome is refused. Settling one by one finds it.
                if count == 1 {
                    guard refusals.reduce(&settlement.rest[0], error) else { throw error }
                }
                count = 1
            }
        }
    }
}

/// Settles step by step, in an order in which a crash repeats a step but loses none.
struct OrderedSettler: Settler {
    let records: Records
    let powers: ConsumerPowers

    func settle(_ settlement: inout Settlement) async throws {
        if try await settleJointly(&settlement) { return }
        try await dropLate(&settlement)
        var count = settlement.rest.count
        while !settlement.isDone {
            try await records.publishFollowUps(of: &settlement.rest)
            // Before the result: a redelivered message with a result counts as done.
            if let sender = powers.deadLetters { try await records.bury(of: &settlement.rest, by: sender) }
            try await records.countChordParts(of: &settlement.rest)
            try await records.storeResults(of: &settlement.rest)
            // After the result: a message that comes again is answered from the store.
            try await records.sendReplies(of: &settlement.rest)
            do {
                settlement.close(try await powers.consumer.settle(Array(settlement.rest.prefix(count))))
            } catch let error as DriverError {
                settlement.rest[..<min(count, settlement.rest.count)].noteRetries(acceptedBesides: error)
                guard error.isAboutRequest else { throw error }
                // Here only the retry of a task is published.
                if count == 1 {
                    guard records.refusals.failRetry(of: &settlement.rest[0], error) else { throw error }
                }
                count = 1
            }
        }
    }

    /// Settles in one step if broker and store are one server, and no outcome has a step that is neither's.
    ///
    /// - Returns: `false` if nothing was done.
    private func settleJointly(_ settlement: inout Settlement) async throws -> Bool {
        guard let joint = powers.joint, let store = powers.store, settlement.rest.allSatisfy({ records.hasOnlyCommonSteps($0) }) else { return false }
        do {
            guard let counted = try await joint.settleJointly(settlement.rest, in: store) else { return false }
            settlement.close(counted)
            return true
        } catch let error as DriverError where error.isAboutRequest {
            // One outcome is refused; going step by step finds it.
            return false
        }
    }

    /// Removes late outcomes if the broker can check that beforehand: their results must not be stored.
    private func dropLate(_ settlement: inout Settlement) async throws {
        guard let checking = powers.checking, !settlement.isDone else { return }
        settlement.drop(unless: try await checking.stillHolds(settlement.rest.map(\.handle)))
    }
}

/// Settles jobs that were acknowledged before they ran: there is no lease to end.
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
        // In the order of `OrderedSettler`: a failure that is visible already has its dead letter.
        try await records.bury(of: &settlement.rest)
        try await records.countChordParts(of: &settlement.rest)
        try await records.storeResults(of: &settlement.rest)
        try await records.sendReplies(of: &settlement.rest)
        settlement.close(settlement.rest.map { _ in true })
    }
}

extension ArraySlice<Outcome> {
    /// After an error that lists the unconfirmed messages, the confirmed retries are not published again.
    fileprivate mutating func noteRetries(acceptedBesides error: DriverError) {
        guard !error.unconfirmed.isEmpty else { return }
        for index in indices {
            guard case .retry(let again) = self[index].disposition, !error.unconfirmed.contains(again.id) else { continue }
            self[index].disposition = .acknowledge
        }
    }
}
