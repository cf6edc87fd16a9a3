package import CeleryCore
import STOMP
import Wire

// What follows is stored, in one transaction, before the old message is acknowledged. Both in one transaction would be better still,
// and neither server can do it: ActiveMQ acknowledges outside of the transaction, and all that the subscription has delivered up to
// the message, before it commits; RabbitMQ's plugin acknowledges before what it publishes is stored.
extension STOMPConsumer {
    package func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        guard !outcomes.isEmpty else { return [] }
        let held = inbox.withDeliveries { state in outcomes.map { state.held($0.handle) } }
        let server = try await broker.server()
        let now = broker.now()
        var frames: [STOMPFrame] = []
        for case (let outcome, let held?) in zip(outcomes, held) {
            frames += try outcome.followUps.flatMap { try broker.frames(of: $0, at: server, now: now) }
            switch outcome.disposition {
            case .acknowledge: break
            case .retry(let again):
                // Attempt numbers keep rising: an outcome with a lower number than the stored result would be fenced off.
                let next = AttemptHeader.next(again, after: outcome.handle.attempt, crashes: held.crashes)
                frames += try broker.frames(of: next, at: server, now: now)
            case .bury(let message, let burial): frames.append(try letter(of: held, message, burial, at: server))
            }
        }
        let marks = inbox.marks
        try await broker.send(frames.map { $0.adding(marks) })
        return await release(outcomes.map(\.handle), "ACK")
    }

    package func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws {
        let returnsByNACK = inbox.withDeliveries { $0.server.returnsByNACK }
        if started {
            try await replace(handles, by: \.begun)
        } else if returnsByNACK {
            let worn = inbox.withDeliveries { state in handles.filter { state.held($0).map { $0.returns >= AttemptHeader.manyReturns } ?? false } }
            try await replace(worn, by: \.unbegun)
            _ = await release(handles.filter { !worn.contains($0) }, "NACK")
        } else {
            // A new message at the end of the queue.
            try await replace(handles, by: \.unbegun)
        }
    }

    package func giveBack(crashed handles: [DeliveryHandle]) async throws {
        try await replace(handles, by: \.crashed)
    }

    /// Replaces each delivery by a new message in the same queue.
    private func replace(_ handles: [DeliveryHandle], by next: any (KeyPath<STOMPDeliveries.Entry, Message> & Sendable)) async throws {
        guard !handles.isEmpty else { return }
        let again = inbox.withDeliveries { state in handles.compactMap { state.held($0)?[keyPath: next] } }
        try await broker.publish(again, with: inbox.marks)
        _ = await release(handles, "ACK")
    }

    /// Ends deliveries that the worker had.
    ///
    /// - Returns: For each, whether it was still ours.
    func release(_ handles: [DeliveryHandle], _ command: String) async -> [Bool] {
        let (ackIDs, generation) = inbox.withDeliveries { state -> ([String?], Int) in
            let arrived = handles.map { state.release($0)?.arrived }
            let ackIDs = arrived.map { $0?.ackID }
            let leaving = state.end(arrived.compactMap { $0?.subscription })
            // Under the lock, or another thread could end the subscription first: what is not acknowledged by then comes again.
            link.post(Self.ends(command, ackIDs.compactMap { $0 }, leaving), on: state.generation)
            return (ackIDs, state.generation)
        }
        guard ackIDs.contains(where: { $0 != nil }) else { return handles.map { _ in false } }
        let isSent: Bool
        do throws(STOMPError) {
            // Fails if the connection was gone already. Without a receipt: should the end be lost with it later, the message comes again.
            try await link.send([], on: generation)
            isSent = true
        } catch {
            isSent = false
        }
        return ackIDs.map { $0 != nil && isSent }
    }

    func letter(
        of held: STOMPDeliveries.Entry, _ message: Message, _ burial: Burial, at server: STOMPServer
    ) throws -> STOMPFrame {
        // As it came, if it cannot be read.
        let wire = held.defect == nil ? TaskMessageEncoder.encode(message, now: broker.now()) : STOMPEnvelope.remains(of: held.arrived.frame)
        return try broker.letter(wire, from: held.message.route.queue, burial, at: server)
    }
}

extension STOMPConsumer: Postponing {
    /// By a delay at the server, where it has one; else this worker, or another, holds the message.
    package func postpone(_ postponements: [Postponement]) async throws -> [Bool] {
        let server = try await broker.server()
        let now = broker.now()
        let held = inbox.withDeliveries { state in postponements.map { state.held($0.handle) } }
        let frames = try zip(postponements, held).flatMap { postponement, held -> [STOMPFrame] in
            guard let held else { return [] }
            // Send a new message, so that returns are not mistaken for deaths.
            var message = held.unbegun
            let isDelayed = if case .none = server.delaying { false } else { !inbox.delaysInVain }
            if !isDelayed { message.eta = postponement.until }
            return try broker.frames(
                of: WaitHeader.write(postponement.since, on: message), at: server, delayedBy: max(1, postponement.until.seconds - now.seconds), now: now)
        }
        let marks = inbox.marks
        try await broker.send(frames.map { $0.adding(marks) })
        return await release(postponements.map(\.handle), "ACK")
    }
}

extension STOMPConsumer: DeadLetterSending {
    package func sendDeadLetters(of outcomes: [Outcome]) async throws {
        let held = inbox.withDeliveries { state in outcomes.map { state.held($0.handle) } }
        let server = try await broker.server()
        let letters = try zip(outcomes, held).compactMap { outcome, held -> STOMPFrame? in
            guard let held, case .bury(let message, let burial) = outcome.disposition else { return nil }
            return try letter(of: held, message, burial, at: server)
        }
        try await broker.send(letters)
    }
}

extension STOMPConsumer: DeliveryPushing {
    /// Does nothing: what the server sends is never more than the worker can run of one queue, whether it runs or waits.
    package func haveNoRoom() {}

    package var isReceiving: Bool { inbox.withDeliveries { $0.generation >= 0 } }

    package func endPushing() async {
        let (gone, generation) = inbox.withDeliveries { ($0.endPushing(), $0.generation) }
        link.post(Self.ends("ACK", [], gone), on: generation)
        _ = await returnUnread()
        // Where a subscription cannot end yet, what it sends is given back now and then: others get their turn.
        Task { [weak self] in
            repeat { try? await Task.sleep(for: .seconds(1)) } while await self?.returnUnread() ?? false
        }
    }

    /// Gives back what the worker has not read.
    ///
    /// - Returns: Whether there may be more.
    private func returnUnread() async -> Bool {
        let (unread, handles, generation) = inbox.withDeliveries { state -> ([STOMPDeliveries.Arrived], [DeliveryHandle], Int) in
            if state.server.returnsByNACK { return (state.popUnread(), [], state.generation) }
            // Only a subscription's end would return them, and it has a message that runs.
            return ([], state.handStranded(Self.read), state.generation)
        }
        link.post(Self.ends("NACK", unread.map(\.ackID), []), on: generation)
        // Without a connection they return by themselves.
        if !handles.isEmpty { try? await giveBack(handles, started: false) }
        return generation >= 0
    }
}
