package import CeleryCore
import CeleryRedis
import Redis
import Synchronization
import Wire

extension RedisConsumer {
    /// One message to put back.
    struct PutBack: Sendable {
        var held: RedisDeliveries.Held
        /// Another text; `nil` leaves the message as it is.
        var text: [UInt8]?
        /// `undo` for a delivery that does not count, `fresh` for a text that tells the number of attempts.
        var count: String
        /// Until when it waits, and the place of its step, from 1.
        var due: (time: Timestamp, step: Int)?

        /// As never tried.
        init(_ held: RedisDeliveries.Held, due: (time: Timestamp, step: Int)? = nil) {
            (self.held, self.due) = (held, due)
            count = held.cameBack ? "undo" : "keep"
        }

        /// In another form, which tells the number of attempts.
        init(_ held: RedisDeliveries.Held, as message: Message, due: (time: Timestamp, step: Int)? = nil, isRedelivered: Bool = true) {
            (self.held, self.due) = (held, due)
            var wire = TaskMessageEncoder.encode(message.backToItsQueue)
            wire.routingKey = message.route.queue
            text = RedisEnvelope(wire, tag: held.tag, isRedelivered: isRedelivered).bytes
            count = "fresh"
        }
    }

    /// Messages put back in one step.
    private static let batch = 200

    /// Returns messages to the front of their queues, the oldest first.
    ///
    /// - Returns: For each, whether it was this worker's.
    @discardableResult
    func putBack(_ messages: [PutBack]) async throws -> [Bool] {
        // What is pushed last comes first.
        let order = messages.indices.sorted { messages[$0].held.number > messages[$1].held.number }
        var answers = [Bool](repeating: false, count: messages.count)
        for start in stride(from: 0, to: order.count, by: Self.batch) {
            let part = order[start..<min(start + Self.batch, order.count)]
            var words: [RedisCommand.Word] = [.text(layout.again), .number(Self.memory)]
            for index in part {
                let message = messages[index]
                words += [
                    .text(message.held.tag), .text(String(message.held.number)), .bytes(message.text ?? []), .text(message.count),
                    .text(message.due.map { RedisTime.text($0.time) } ?? ""), .text(layout.due(message.held.message.route.queue)),
                    .number(message.due?.step ?? 0),
                ]
            }
            let reply = try await link.ask(RedisCommand(RedisBrokerScripts.putBack, keys: [layout.unacked, layout.unackedIndex, held], words))
            for (index, value) in zip(part, reply.elements ?? []) { answers[index] = value.intValue == 1 }
            deliveries.withLock { $0.remove(part.map { messages[$0].held.number }) }
        }
        return answers
    }

    /// Has messages wait for their time at the server, where no worker has to remember them.
    ///
    /// Their score in `unacked_index` is the time they wait for, as if they were delivered then: should no worker of ours be left
    /// by then, Python's put them back one visibility timeout later, and not before.
    func park(_ entries: [Entry]) async throws {
        try await putBack(entries.map { PutBack($0.held, due: ($0.message.eta ?? Timestamp(seconds: 0), $0.step)) })
    }

    /// Seconds: far longer than a kernel tries to send what it has kept for a broken link (some 15 minutes; `tcp_retries2` in tcp(7)).
    private static let fenceLife = 3_600

    /// Puts back what the server counts as this worker's, although the answer that delivered it was lost.
    func returnUncertain() async throws {
        let uncertain = deliveries.withLock { $0.uncertain }
        guard !uncertain.isEmpty else { return }
        // What was asked for and has not reached the server yet must not be taken after this look at what was.
        let fence = uncertain.map(\.upperBound).max() ?? 0
        let replies = try await link.ask([
            RedisCommand("SET", .text(layout.fence(of: identity.id)), .text(String(fence)), "EX", .number(Self.fenceLife)),
            RedisCommand("HGETALL", .text(held)),
        ])
        let records = replies[1].elements ?? []
        var found: [PutBack] = []
        for at in stride(from: 0, to: records.count - 1, by: 2) {
            guard let tag = records[at].textValue, let number = records[at + 1].textValue?.split(separator: " ").first.flatMap({ Int64($0) }),
                uncertain.contains(where: { $0.contains(number) }), deliveries.withLock({ $0.held[number] == nil })
            else { continue }
            let unknown = Message(task: "", body: MessageBody(bytes: []))
            found.append(
                PutBack(
                    RedisDeliveries.Held(number: number, tag: tag, message: unknown, envelope: nil, attempt: 0, crashes: 0, cameBack: true)))
        }
        try await putBack(found)
        deliveries.withLock { $0.noteFound(uncertain) }
    }

    package func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws {
        let held = deliveries.withLock { deliveries in handles.compactMap { deliveries.delivery($0) } }
        try await putBack(held.map { held in
            started ? PutBack(held, as: AttemptHeader.next(held.message, after: held.attempt, crashes: held.crashes)) : PutBack(held)
        })
    }

    package func giveBack(crashed handles: [DeliveryHandle]) async throws {
        let held = deliveries.withLock { deliveries in handles.compactMap { deliveries.delivery($0) } }
        try await putBack(held.map { PutBack($0, as: AttemptHeader.next($0.message, after: $0.attempt, crashes: $0.crashes + 1)) })
    }

    package func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        // Without results nothing has to be looked at.
        try await end(outcomes, storing: nil) ?? outcomes.map { _ in false }
    }

    /// How many settlements may be under way before the server forgets the first.
    private static let places = 64

    /// Publishes what follows, stores results and acknowledges, in one step.
    ///
    /// - Returns: `nil` if nothing was done because a stored result has to be looked at first.
    private func end(_ outcomes: [Outcome], storing store: (any RedisResultWriting)?) async throws -> [Bool]? {
        let held = deliveries.withLock { deliveries in outcomes.map { deliveries.delivery($0.handle) } }
        let handles = outcomes.map(\.handle)
        // Asked for again under its number, the server answers as before.
        let number = unanswered.withLock { $0.removeValue(forKey: handles) } ?? settlements.add(1, ordering: .relaxed).newValue
        var words: [RedisCommand.Word] = [.number(number % Self.places), .number(number), .text(layout.again)]
        var asked: [Int] = []
        for (index, held) in held.enumerated() {
            // A delivery that is named twice is settled once.
            guard let held, !asked.contains(where: { outcomes[$0].handle == outcomes[index].handle }) else { continue }
            asked.append(index)
            words += try await self.words(for: outcomes[index], held, store)
        }
        guard !asked.isEmpty else { return outcomes.map { _ in false } }
        let keys = [layout.unacked, layout.unackedIndex, self.held, layout.settled(by: identity.id), layout.dead, layout.queues]
        let reply: RESPValue
        do {
            reply = try await link.ask(RedisCommand(RedisBrokerScripts.settle, keys: keys, words))
        } catch {
            unanswered.withLock { $0[handles] = number }
            throw error
        }
        guard reply.textValue != "look" else { return nil }
        let answers = Array((reply.textValue ?? "").utf8)
        var counted = outcomes.map { _ in false }
        for (index, answer) in zip(asked, answers) { counted[index] = answer == UInt8(ascii: "1") }
        deliveries.withLock { $0.remove(asked.map { outcomes[$0].handle.tag }) }
        store?.noteWritten(asked.flatMap { counted[$0] ? outcomes[$0].results : [] })
        return counted
    }

    /// The words of the script for one outcome.
    private func words(
        for outcome: Outcome, _ held: RedisDeliveries.Held, _ store: (any RedisResultWriting)?
    ) async throws -> [RedisCommand.Word] {
        var messages = outcome.followUps
        var letter: [UInt8] = []
        switch outcome.disposition {
        case .acknowledge: break
        // Attempt numbers keep rising: an outcome with a lower number than the stored result would be fenced off.
        case .retry(let again): messages.append(AttemptHeader.next(again, after: outcome.handle.attempt, crashes: held.crashes))
        case .bury(let message, let burial): letter = broker.letter(of: held.envelope, message, burial)
        }
        let pushes = messages.isEmpty ? [] : try await broker.pushes(of: messages)
        let writes = try store?.writes(of: outcome.results) ?? []
        var words: [RedisCommand.Word] = [
            .text(held.tag), .text(String(held.number)), held.cameBack ? "1" : "0", .bytes(letter), .number(pushes.count), .number(writes.count),
        ]
        for push in pushes { words += [.text(push.queue), .text(push.list), .bytes(push.text)] }
        for write in writes { words += [.text(write.key), .bytes(write.value), .number(write.seconds), .number(write.attempt)] }
        return words
    }
}

extension RedisConsumer: JointSettling {
    package func sharesServer(with store: any ResultStore) -> Bool {
        (store as? any RedisResultWriting)?.server.isSameDatabase(as: broker.options.server) ?? false
    }

    package func settleJointly(_ outcomes: [Outcome], in store: any ResultStore) async throws -> [Bool]? {
        guard let store = store as? any RedisResultWriting else { throw DriverError.lacks("settle into \(store.location)", broker.location) }
        return try await end(outcomes, storing: store)
    }
}

extension RedisConsumer: LeaseChecking {
    package func stillHolds(_ handles: [DeliveryHandle]) async throws -> [Bool] {
        let held = deliveries.withLock { deliveries in handles.map { deliveries.delivery($0) } }
        let words = held.compactMap { $0 }.flatMap { [RedisCommand.Word.text($0.tag), .text(String($0.number))] }
        guard !words.isEmpty else { return handles.map { _ in false } }
        let reply = try await link.ask(RedisCommand(RedisBrokerScripts.holds, keys: [layout.unackedIndex, self.held], words))
        var answers = (reply.elements ?? []).map { $0.intValue == 1 }[...]
        return held.map { $0 == nil ? false : answers.popFirst() ?? false }
    }
}

extension RedisConsumer: Postponing {
    package func postpone(_ postponements: [Postponement]) async throws -> [Bool] {
        let held = deliveries.withLock { deliveries in postponements.map { deliveries.delivery($0.handle) } }
        let messages = zip(postponements, held).compactMap { postponement, held -> PutBack? in
            guard let held else { return nil }
            // The attempt number stays the same: this was none.
            let message = AttemptHeader.next(held.message, after: held.attempt - 1, crashes: held.crashes)
            let list = layout.list(message.route.queue, priority: message.priority)
            let step = layout.lists(message.route.queue).firstIndex(of: list) ?? 0
            return PutBack(held, as: WaitHeader.write(postponement.since, on: message), due: (postponement.until, step + 1), isRedelivered: held.cameBack)
        }
        var answers = try await putBack(messages)[...]
        return held.map { $0 == nil ? false : answers.popFirst() ?? false }
    }
}
