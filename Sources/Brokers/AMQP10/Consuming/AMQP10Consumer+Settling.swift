package import CeleryCore
import Proton
import Wire

// What follows is stored before the old message is accepted. Both as one would be better still: the transactions of AMQP 1.0 could do
// it, and neither RabbitMQ nor its plugin has them.
extension AMQP10Consumer {
    package func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        guard !outcomes.isEmpty else { return [] }
        let held = inbox.withDeliveries { state in outcomes.map { state.held($0.handle) } }
        let server = try await broker.server()
        let now = broker.now()
        var parcels: [ProtonParcel] = []
        for case (let outcome, let held?) in zip(outcomes, held) {
            parcels += try outcome.followUps.flatMap { try broker.parcels(of: $0, at: server, now: now) }
            switch outcome.disposition {
            case .acknowledge: break
            case .retry(let again):
                // Attempt numbers keep rising: an outcome with a lower number than the stored result would be fenced off.
                let next = AttemptHeader.next(again, after: outcome.handle.attempt, crashes: held.crashes)
                parcels += try broker.parcels(of: next, at: server, now: now)
            case .bury(let message, let burial): parcels.append(letter(of: held, message, burial, at: server))
            }
        }
        try await broker.send(parcels)
        return await release(outcomes.map(\.handle), .accepted)
    }

    package func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws {
        // A new message keeps its number in a header. It is also made of what returned often: servers give up such a message.
        func isNew(_ held: AMQP10Deliveries.Entry, _ server: ProtonServer) -> Bool {
            held.arrived.isForgotten || held.returns >= AttemptHeader.manyReturns || started && !server.countsReturns
        }
        let new = inbox.withDeliveries { state in handles.filter { handle in state.held(handle).map { isNew($0, state.server) } ?? false } }
        try await replace(new, by: started ? \.begun : \.unbegun)
        _ = await release(handles.filter { !new.contains($0) }, started ? .modified : .released)
    }

    package func giveBack(crashed handles: [DeliveryHandle]) async throws {
        try await replace(handles, by: \.crashed)
    }

    /// Replaces each delivery by a new message in the same queue.
    private func replace(_ handles: [DeliveryHandle], by next: any (KeyPath<AMQP10Deliveries.Entry, Message> & Sendable)) async throws {
        guard !handles.isEmpty else { return }
        let again = inbox.withDeliveries { state in handles.compactMap { state.held($0)?[keyPath: next] } }
        try await broker.publish(again)
        _ = await release(handles, .accepted)
    }

    /// Ends deliveries that the worker had.
    ///
    /// - Returns: For each, whether it was still ours.
    func release(_ handles: [DeliveryHandle], _ outcome: ProtonOutcome) async -> [Bool] {
        guard !handles.isEmpty else { return [] }
        let (held, generation) = inbox.withDeliveries { state in (handles.map { state.release($0) }, state.generation) }
        let open = held.compactMap { $0?.arrived.delivery }
        var isSent = true
        if !open.isEmpty {
            do throws(ProtonError) {
                // Nobody confirms it: should the end be lost with the connection, the message comes again.
                try await client.perform([.settle(open, outcome)], on: generation)
            } catch {
                isSent = false
            }
        }
        return held.map { held in held.map { isSent || $0.arrived.isForgotten } ?? false }
    }

    func letter(of held: AMQP10Deliveries.Entry, _ message: Message, _ burial: Burial, at server: ProtonServer) -> ProtonParcel {
        // As it came, if it cannot be read.
        let wire = held.defect == nil ? TaskMessageEncoder.encode(message, now: broker.now()) : AMQP10Envelope.remains(of: held.arrived.message)
        return broker.letter(wire, from: held.message.route.queue, burial, at: server)
    }
}

extension AMQP10Consumer: Postponing {
    /// By a delay at the server, where it has one; else this worker, or another, holds the message.
    package func postpone(_ postponements: [Postponement]) async throws -> [Bool] {
        let server = try await broker.server()
        let now = broker.now()
        let held = inbox.withDeliveries { state in postponements.map { state.held($0.handle) } }
        let parcels = try zip(postponements, held).flatMap { postponement, held -> [ProtonParcel] in
            guard let held else { return [] }
            // Send a new message, so that returns are not mistaken for deaths.
            var message = held.unbegun
            if !server.delays { message.eta = postponement.until }
            return try broker.parcels(
                of: WaitHeader.write(postponement.since, on: message), at: server, delayedBy: max(1, postponement.until.seconds - now.seconds), now: now)
        }
        try await broker.send(parcels)
        return await release(postponements.map(\.handle), .accepted)
    }
}

extension AMQP10Consumer: DeadLetterSending {
    package func sendDeadLetters(of outcomes: [Outcome]) async throws {
        let held = inbox.withDeliveries { state in outcomes.map { state.held($0.handle) } }
        let server = try await broker.server()
        let letters = zip(outcomes, held).compactMap { outcome, held -> ProtonParcel? in
            guard let held, case .bury(let message, let burial) = outcome.disposition else { return nil }
            return letter(of: held, message, burial, at: server)
        }
        try await broker.send(letters)
    }
}

extension AMQP10Consumer: DeliveryPushing {
    /// Takes back the credit. What has come stays: given back, it would pass for what a lost worker may have begun.
    package func haveNoRoom() {
        let (orders, generation) = inbox.withDeliveries { state in (state.want(0), state.generation) }
        client.post(orders, on: generation)
    }

    package func endPushing() async {
        let (orders, unread, generation) = inbox.withDeliveries { state in
            let end = state.endPushing()
            return (end.orders, end.unread, state.generation)
        }
        client.post(orders, on: generation)
        await giveBack(unread: unread)
    }
}
