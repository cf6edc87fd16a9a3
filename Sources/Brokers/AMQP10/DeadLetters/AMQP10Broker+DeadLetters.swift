import CeleryAMQP
package import CeleryCore
import Proton
import RabbitMQ
import Wire

extension AMQP10Broker {
    /// What puts a message among the dead letters. All have one priority, so that they keep their order. The outcome `rejected` would
    /// leave the place to the server, and the reason unsaid.
    func letter(_ wire: WireMessage, from queue: String, _ burial: Burial, at server: ProtonServer) -> ProtonParcel {
        var letter = DeadLetterQueue(type: .classic).publication(of: wire, from: queue, burial).message
        (letter.exchange, letter.routingKey) = (wire.exchange, wire.routingKey)
        return ProtonParcel(layout.queue(AMQP10Layout.deadLetters, at: server), AMQP10Envelope.message(of: letter, keepsPriority: false).encoded())
    }
}

extension AMQP10Broker: DeadLetterKeeping {
    package func deadLetters(_ filter: DeadLetterFilter, limit: Int, withContent: Bool) async throws -> [DeadLetter] {
        try await scan(isCopying: true) { letters, _ in
            letters.filter { filter.matches($0.letter) }.prefix(limit).map { $0.shown(withContent: withContent) }
        }
    }

    package func bury(_ message: Message, _ burial: Burial) async throws {
        let wire = TaskMessageEncoder.encode(message, now: now())
        try await send([letter(wire, from: message.route.queue, burial, at: server())])
    }

    package func replay(_ filter: DeadLetterFilter, limit: Int, to queue: String?) async throws -> [DeadLetterReplay] {
        let server = try await server()
        let now = self.now()
        return try await scan(isCopying: false) { letters, remove in
            let replay = Replay(of: letters.filter { filter.matches($0.letter) }.prefix(limit), now: now) { (held) throws(DriverError) in
                try self.parcels(of: held.opened, to: queue ?? held.letter.queue, at: server, now: now)
            }
            try await self.send(replay.parcels)
            try await remove(replay.sent)
            return replay.report
        }
    }

    private func parcels(
        of letter: DeadLetterQueue.Letter, to queue: String, at server: ProtonServer, now: Timestamp
    ) throws(DriverError) -> [ProtonParcel] {
        if let message = letter.message {
            return try parcels(of: AttemptHeader.next(message.revived(in: queue), after: letter.letter.burial.attempts, crashes: 0), at: server, now: now)
        }
        // Unreadable here; a worker that can read it may run it.
        try layout.check(queue)
        return [ProtonParcel(layout.queue(queue, at: server), AMQP10Envelope.message(of: letter.wire).encoded())]
    }

    package func dropDeadLetters(_ filter: DeadLetterFilter, limit: Int) async throws -> [DeadLetter] {
        try await scan(isCopying: false) { letters, remove in
            let chosen = Array(letters.filter { filter.matches($0.letter) }.prefix(limit))
            try await remove(chosen)
            return chosen.map(\.letter)
        }
    }

    package func replayClears(_ store: any ResultStore) -> Bool { false }

    private func scan<Value>(
        isCopying: Bool,
        _ body: (_ letters: [AMQP10DeadLetterScan.Held], _ remove: ([AMQP10DeadLetterScan.Held]) async throws -> Void) async throws -> Value
    ) async throws -> Value {
        let server = try await server()
        guard server.keepsDelivered else { throw DriverError.lacks("show dead letters", "broker \(location) (\(server.name))") }
        let scan = AMQP10DeadLetterScan(self, server, isCopying: isCopying)
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
