import CeleryAMQP
package import CeleryCore
import RabbitMQ
import STOMP
import Wire

extension STOMPBroker {
    /// The frame that puts a message among the dead letters. All have one priority, so that they keep their order.
    func letter(_ wire: WireMessage, from queue: String, _ burial: Burial, at server: STOMPServer) throws -> STOMPFrame {
        var letter = DeadLetterQueue(type: .classic).publication(of: wire, from: queue, burial).message
        (letter.exchange, letter.routingKey) = (wire.exchange, wire.routingKey)
        let headers = try STOMPEnvelope.headers(of: letter, at: server, keepsPriority: false)
        let place = [STOMPFrame.Header("destination", layout.queue(STOMPLayout.deadLetters))] + layout.deadLetterArguments(at: server)
        return STOMPFrame("SEND", place + headers, body: letter.body)
    }
}

extension STOMPBroker: DeadLetterKeeping {
    package func deadLetters(_ filter: DeadLetterFilter, limit: Int, withContent: Bool) async throws -> [DeadLetter] {
        var found: [DeadLetter] = []
        try await scan(filter, limit: limit) { letters, _ in
            found += letters.map { $0.shown(withContent: withContent) }
        }
        return found
    }

    package func bury(_ message: Message, _ burial: Burial) async throws {
        let wire = TaskMessageEncoder.encode(message, now: now())
        try await send([letter(wire, from: message.route.queue, burial, at: server())])
    }

    package func replay(_ filter: DeadLetterFilter, limit: Int, to queue: String?) async throws -> [DeadLetterReplay] {
        let server = try await server()
        let now = self.now()
        var replays: [DeadLetterReplay] = []
        try await scan(filter, limit: limit) { letters, scan in
            let replay = Replay(of: letters, now: now) { (held) throws(DriverError) in
                try self.frames(of: held.opened, to: queue ?? held.letter.queue, at: server, now: now)
            }
            replays += replay.report
            try await self.send(replay.parcels)
            try await scan.remove(replay.sent)
        }
        return replays
    }

    private func frames(
        of letter: DeadLetterQueue.Letter, to queue: String, at server: STOMPServer, now: Timestamp
    ) throws(DriverError) -> [STOMPFrame] {
        if let message = letter.message {
            return try frames(of: AttemptHeader.next(message.revived(in: queue), after: letter.letter.burial.attempts, crashes: 0), at: server, now: now)
        }
        // Unreadable here; a worker that can read it may run it.
        try layout.check(queue)
        let headers = try STOMPEnvelope.headers(of: letter.wire, at: server)
        let arguments = layout.arguments(of: settings.definition(of: queue), at: server)
        return [STOMPFrame("SEND", [STOMPFrame.Header("destination", layout.queue(queue))] + headers + arguments, body: letter.wire.body)]
    }

    package func dropDeadLetters(_ filter: DeadLetterFilter, limit: Int) async throws -> [DeadLetter] {
        var dropped: [DeadLetter] = []
        try await scan(filter, limit: limit) { letters, scan in
            try await scan.remove(letters)
            dropped += letters.map(\.letter)
        }
        return dropped
    }

    package func replayClears(_ store: any ResultStore) -> Bool { false }

    /// Hands over the letters that match, the oldest first and some at a time.
    private func scan(
        _ filter: DeadLetterFilter, limit: Int, _ body: (_ letters: [STOMPDeadLetterScan.Held], _ scan: STOMPDeadLetterScan) async throws -> Void
    ) async throws {
        guard limit > 0 else { return }
        let scan = STOMPDeadLetterScan(self, try await server())
        do {
            try await scan.begin()
            var left = limit
            while left > 0 {
                // As many as one transaction sends again.
                let letters = try await scan.next(min(left, Self.largestBatch.messages)) { filter.matches($0) }
                guard !letters.isEmpty else { break }
                left -= letters.count
                try await body(letters, scan)
            }
            // The markers.
            try await scan.remove([])
            await scan.close()
        } catch {
            await scan.close()
            throw error
        }
    }
}
