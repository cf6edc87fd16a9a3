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
        return STOMPFrame("SEND", [STOMPFrame.Header("destination", layout.queue(STOMPLayout.deadLetters))] + headers, body: letter.body)
    }
}

extension STOMPBroker: DeadLetterKeeping {
    package func deadLetters(_ filter: DeadLetterFilter, limit: Int, withContent: Bool) async throws -> [DeadLetter] {
        try await scan { letters, remove in
            try await remove([])
            return letters.filter { filter.matches($0.letter) }.prefix(limit).map { held in
                var letter = held.letter
                if withContent { letter.content = held.opened.content }
                return letter
            }
        }
    }

    package func bury(_ message: Message, _ burial: Burial) async throws {
        let wire = TaskMessageEncoder.encode(message, now: now())
        try await send([letter(wire, from: message.route.queue, burial, at: server())])
    }

    package func replay(_ filter: DeadLetterFilter, limit: Int, to queue: String?) async throws -> [DeadLetterReplay] {
        let server = try await server()
        let now = self.now()
        return try await scan { letters, remove in
            var replays: [DeadLetterReplay] = []
            var sent: [STOMPDeadLetterScan.Held] = []
            var frames: [STOMPFrame] = []
            for held in letters.filter({ filter.matches($0.letter) }).prefix(limit) {
                var refusal = held.opened.message.flatMap { $0.refusalOfReplay(now: now) }
                if refusal == nil {
                    do throws(DriverError) {
                        frames += try self.frames(of: held.opened, to: queue ?? held.letter.queue, at: server, now: now)
                        sent.append(held)
                    } catch {
                        refusal = error.message
                    }
                }
                replays.append(DeadLetterReplay(held.letter, refusal: refusal))
            }
            for start in stride(from: 0, to: frames.count, by: 500) { try await self.send(Array(frames[start..<min(start + 500, frames.count)])) }
            try await remove(sent)
            return replays
        }
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
        try await scan { letters, remove in
            let chosen = Array(letters.filter { filter.matches($0.letter) }.prefix(limit))
            try await remove(chosen)
            return chosen.map(\.letter)
        }
    }

    package func replayClears(_ store: any ResultStore) -> Bool { false }

    private func scan<Value>(
        _ body: (_ letters: [STOMPDeadLetterScan.Held], _ remove: ([STOMPDeadLetterScan.Held]) async throws -> Void) async throws -> Value
    ) async throws -> Value {
        let scan = STOMPDeadLetterScan(self, try await server())
        do {
            let value = try await body(scan.read()) { try await scan.remove($0) }
            await scan.close()
            return value
        } catch {
            // What was not removed returns to its place.
            await scan.close()
            throw error
        }
    }
}
