package import CeleryCore
package import CeleryZMQ
import Synchronization

extension ZMQConsumer: AtomicSettling {
    package func settleAtomically(_ outcomes: [Outcome]) async throws -> [Bool] { try await settle(outcomes, by: Verbs.settle) }

    package func settlesInto(_ store: any ResultStore) -> Bool {
        guard let store = store as? any ZMQLinked else { return false }
        return store.sharesServer(with: self)
    }

    package func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        try await settle(
            outcomes.map { outcome in
                var settled = outcome
                settled.results = []
                settled.output = nil
                return settled
            }, by: Verbs.acknowledge)
    }

    private func settle(_ outcomes: [Outcome], by verb: Verb<[Outcome], [Bool]>) async throws -> [Bool] {
        guard !outcomes.isEmpty else { return [] }
        var counted = try await place.askInParts(verb, outcomes).flatMap { $0 }
        guard counted.count == outcomes.count else { throw DriverError(.unusable, "the broker has answered for other outcomes than it was told") }
        // If the answer was lost with a connection, the request was made twice: then the first one has counted.
        let doubtful = outcomes.indices.filter { !counted[$0] && !outcomes[$0].results.isEmpty }
        if !doubtful.isEmpty {
            let stored = try await place.link.ask(Verbs.results, doubtful.map { outcomes[$0].results[0].id })
            for index in doubtful { counted[index] = outcomes[index].results[0].isStored(as: stored[outcomes[index].results[0].id]) }
        }
        forget(outcomes.map(\.handle))
        return counted
    }

    /// Deliveries have ended, or left this worker.
    func forget(_ handles: [DeliveryHandle]) { state.withLock { $0.held.subtract(handles) } }

    package func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws {
        guard !handles.isEmpty else { return }
        _ = try await place.ask(Verbs.giveBack, Pair(handles, started))
        forget(handles)
    }

    package func giveBack(crashed handles: [DeliveryHandle]) async throws {
        guard !handles.isEmpty else { return }
        _ = try await place.ask(Verbs.giveBackCrashed, handles)
        forget(handles)
    }
}

extension TaskResult {
    /// Whether a stored result is this one.
    fileprivate func isStored(as stored: TaskResult?) -> Bool {
        guard let stored else { return false }
        return stored.attempt == attempt && stored.state == state && stored.worker == worker && stored.dateStarted == dateStarted
    }
}

extension ZMQConsumer: ZMQLinked {
    package var link: ZMQLink { place.link }
}

extension ZMQConsumer: LeaseChecking {
    package func stillHolds(_ handles: [DeliveryHandle]) async throws -> [Bool] { try await place.ask(Verbs.stillHolds, handles) }
}

extension ZMQConsumer: Postponing {
    package func postpone(_ deliveries: [Postponement]) async throws -> [Bool] {
        guard !deliveries.isEmpty else { return [] }
        let answers = try await place.ask(Verbs.postpone, deliveries)
        forget(deliveries.map(\.handle))
        return answers
    }
}

extension ZMQConsumer: LimitKeeping {
    package func admit(_ deliveries: [(handle: DeliveryHandle, limit: TaskLimit)]) async throws -> [Bool] {
        guard !deliveries.isEmpty else { return [] }
        let answers = try await place.ask(Verbs.admit, deliveries.map { Pair($0.handle, $0.limit) })
        forget(zip(deliveries, answers).filter { !$1 }.map(\.0.handle))
        return answers
    }

    package func takeWaiting(_ revocations: [Revocation]) async throws -> [Delivery] {
        let arrived = Arrived()
        try await place.receive(Verbs.takeWaiting, revocations) { [self] deliveries in
            state.withLock { $0.held.formUnion(deliveries.map(\.handle)) }
            arrived.deliveries.withLock { $0 = deliveries }
        }
        return arrived.deliveries.withLock { $0 }
    }

    package func leaveSlots(_ handles: [DeliveryHandle]) async throws { _ = try await place.ask(Verbs.leaveSlots, handles) }
    package func announce(rates: [String: RateLimit?]) async throws { _ = try await place.ask(Verbs.announceRates, rates) }
    package func setRate(_ rate: RateLimit?, of task: String) async throws { _ = try await place.ask(Verbs.setRate, Pair(rate, task)) }
}
