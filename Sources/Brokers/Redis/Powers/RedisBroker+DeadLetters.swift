import CeleryAMQP
package import CeleryCore
import Redis
import Synchronization
import Wire

// Dead letters lie in a stream, each as an envelope with the header that dead letters have on RabbitMQ, too.
extension RedisBroker: DeadLetterKeeping {
    /// Letters read at a time.
    private static let batch = 200

    /// A letter and its id in the stream.
    private struct Kept: HeldLetter {
        var id: String
        var opened: DeadLetterQueue.Letter
    }

    /// The text of a letter.
    ///
    /// - Parameter envelope: The message as it came; `nil` for one that could not be read.
    func letter(of envelope: RedisEnvelope?, _ message: Message, _ burial: Burial) -> [UInt8] {
        let wire = envelope?.wire ?? TaskMessageEncoder.encode(message, now: now())
        let queue = DeadLetterQueue(type: .classic)
        return RedisEnvelope(queue.publication(of: wire, from: message.route.queue, burial).message).bytes
    }

    package func bury(_ message: Message, _ burial: Burial) async throws {
        _ = try await link.ask(
            RedisCommand("XADD", .text(layout.dead), "*", "letter", .bytes(letter(of: nil, message, burial))), isRepeatable: false)
    }

    package func deadLetters(_ filter: DeadLetterFilter, limit: Int, withContent: Bool) async throws -> [DeadLetter] {
        try await find(filter, limit).map { $0.shown(withContent: withContent) }
    }

    /// Publishes before it removes the letters.
    package func replay(_ filter: DeadLetterFilter, limit: Int, to queue: String?) async throws -> [DeadLetterReplay] {
        var replays: [DeadLetterReplay] = []
        let now = self.now()
        for kept in try await find(filter, limit) {
            let letter = kept.opened.letter
            if let refusal = kept.opened.message.flatMap({ $0.refusalOfReplay(now: now) }) {
                replays.append(DeadLetterReplay(letter, refusal: refusal))
                continue
            }
            do {
                try await send(kept.opened, to: queue ?? letter.queue)
            } catch let error as DriverError where error.isAboutRequest {
                replays.append(DeadLetterReplay(letter, refusal: error.message))
                continue
            }
            _ = try await link.ask(RedisCommand("XDEL", .text(layout.dead), .text(kept.id)))
            replays.append(DeadLetterReplay(letter))
        }
        return replays
    }

    private func send(_ letter: DeadLetterQueue.Letter, to queue: String) async throws {
        if let message = letter.message {
            try await publish([AttemptHeader.next(message.revived(in: queue), after: letter.letter.burial.attempts, crashes: 0)])
            return
        }
        // Unreadable here; a worker that can read it may run it.
        try layout.check(queue, "a queue")
        var wire = letter.wire
        (wire.exchange, wire.routingKey) = ("", queue)
        try await push([
            RedisPush(queue: queue, list: layout.list(queue, priority: wire.properties.priority), text: RedisEnvelope(wire).bytes)
        ])
    }

    package func dropDeadLetters(_ filter: DeadLetterFilter, limit: Int) async throws -> [DeadLetter] {
        let found = try await find(filter, limit)
        for start in stride(from: 0, to: found.count, by: Self.batch) {
            let part = found[start..<min(start + Self.batch, found.count)]
            _ = try await link.ask(RedisCommand(["XDEL", .text(layout.dead)] + part.map { .text($0.id) }))
        }
        return found.map(\.opened.letter)
    }

    package func replayClears(_ store: any ResultStore) -> Bool { false }

    private func find(_ filter: DeadLetterFilter, _ limit: Int) async throws -> [Kept] {
        var found: [Kept] = []
        var start = "-"
        while found.count < limit {
            let reply = try await link.ask(RedisCommand("XRANGE", .text(layout.dead), .text(start), "+", "COUNT", .number(Self.batch)))
            guard let entries = reply.elements, !entries.isEmpty else { break }
            for entry in entries {
                guard let id = entry.elements?.first?.textValue else { continue }
                start = "(" + id
                let text = entry.elements?.last?["letter"]?.bytesValue ?? []
                let wire = (try? RedisEnvelope(text))?.wire ?? WireMessage(routingKey: DeadLetterQueue.name, body: text)
                let opened = DeadLetterQueue.read(wire)
                if filter.matches(opened.letter), found.count < limit { found.append(Kept(id: id, opened: opened)) }
            }
        }
        return found
    }
}

extension RedisConsumer: DeadLetterSending {
    package func sendDeadLetters(of outcomes: [Outcome]) async throws {
        let isHeld = try await stillHolds(outcomes.map(\.handle))
        let commands = zip(outcomes, isHeld).compactMap { outcome, isHeld -> RedisCommand? in
            guard isHeld, case .bury(let message, let burial) = outcome.disposition else { return nil }
            let envelope = deliveries.withLock { $0.delivery(outcome.handle)?.envelope }
            return RedisCommand("XADD", .text(layout.dead), "*", "letter", .bytes(broker.letter(of: envelope, message, burial)))
        }
        if !commands.isEmpty { _ = try await link.ask(commands, isRepeatable: false) }
    }
}
