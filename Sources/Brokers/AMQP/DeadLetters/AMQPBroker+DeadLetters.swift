import CeleryAMQP
package import CeleryCore
import RabbitMQ
import Wire

extension AMQPBroker: DeadLetterKeeping {
    /// Letters read from the server at a time.
    private static let batch = 200
    /// How long to wait for another reader of the dead letters.
    private static let patience: Duration = .seconds(30)

    var deadLetterQueue: DeadLetterQueue { DeadLetterQueue(type: settings.queueType) }

    package func deadLetters(_ filter: DeadLetterFilter, limit: Int, withContent: Bool) async throws -> [DeadLetter] {
        var found: [DeadLetter] = []
        try await scan { next, _ in
            while found.count < limit, case let letters = try await next(), !letters.isEmpty {
                for letter in letters where filter.matches(letter.letter) && found.count < limit {
                    found.append(letter.shown(withContent: withContent))
                }
            }
        }
        return found
    }

    package func bury(_ message: Message, _ burial: Burial) async throws {
        let wire = TaskMessageEncoder.encode(message, now: now())
        try await link.publish([deadLetterQueue.publication(of: wire, from: message.route.queue, burial)])
    }

    /// Publishes and awaits the confirms before removing the letters.
    package func replay(_ filter: DeadLetterFilter, limit: Int, to queue: String?) async throws -> [DeadLetterReplay] {
        var replays: [DeadLetterReplay] = []
        try await scan { next, remove in
            while replays.count < limit, case let letters = try await next(), !letters.isEmpty {
                let chosen = letters.filter { filter.matches($0.letter) }.prefix(limit - replays.count)
                let done = try await self.send(chosen.map { $0 }, to: queue)
                replays += done
                try await remove(zip(chosen, done).compactMap { $1.refusal == nil ? $0.tag : nil })
            }
        }
        return replays
    }

    package func dropDeadLetters(_ filter: DeadLetterFilter, limit: Int) async throws -> [DeadLetter] {
        var dropped: [DeadLetter] = []
        try await scan { next, remove in
            while dropped.count < limit, case let letters = try await next(), !letters.isEmpty {
                let chosen = letters.filter { filter.matches($0.letter) }.prefix(limit - dropped.count)
                try await remove(chosen.map(\.tag))
                dropped += chosen.map(\.letter)
            }
        }
        return dropped
    }

    package func replayClears(_ store: any ResultStore) -> Bool { false }

    /// A letter read and not acknowledged.
    private struct Held: HeldLetter {
        var tag: UInt64
        var opened: DeadLetterQueue.Letter
    }

    /// Publishes letters again, in one batch if possible.
    private func send(_ letters: [Held], to queue: String?) async throws -> [DeadLetterReplay] {
        let now = self.now()
        var replays: [DeadLetterReplay] = []
        var publications: [Publication] = []
        for letter in letters {
            let refusal = letter.opened.message.flatMap { $0.refusalOfReplay(now: now) }
            replays.append(DeadLetterReplay(letter.letter, refusal: refusal))
            if refusal == nil { publications.append(publication(of: letter.opened, to: queue ?? letter.letter.queue, now: now)) }
        }
        guard !publications.isEmpty else { return replays }
        do {
            try await link.publish(publications)
        } catch let error as DriverError where error.isAboutRequest {
            guard publications.count > 1 else {
                let index = replays.firstIndex { $0.refusal == nil } ?? 0
                replays[index].refusal = error.message
                return replays
            }
            // One letter is refused; publishing one by one shows which. Letters accepted in the batch may be published twice,
            // unless the error lists the unconfirmed ones.
            for (index, letter) in letters.enumerated() where replays[index].refusal == nil {
                let isSent = !error.unconfirmed.isEmpty && letter.letter.taskID.map { !error.unconfirmed.contains($0) } ?? false
                if !isSent { replays[index] = try await send([letter], to: queue)[0] }
            }
        }
        return replays
    }

    private func publication(of letter: DeadLetterQueue.Letter, to queue: String, now: Timestamp) -> Publication {
        if let message = letter.message {
            return publication(
                of: AttemptHeader.next(message.revived(in: queue), after: letter.letter.burial.attempts, crashes: 0), now: now)
        }
        // Unreadable here; a worker that can read it may run it.
        var wire = letter.wire
        (wire.exchange, wire.routingKey) = ("", queue)
        return Publication(wire, isMandatory: true, needs: [.taskQueue(queue)])
    }

    /// Walks through the letters while holding the lock.
    private func scan(
        _ body: (_ next: () async throws -> [Held], _ remove: ([UInt64]) async throws -> Void) async throws -> Void
    ) async throws {
        let queues = deadLetterQueue
        let owner = try ConnectionOwner(link.alternatives, .onDemand) { DeadLetterScan(queues) }
        do {
            try await begin(owner)
            try await body(
                {
                    try await owner.perform(as: DeadLetterScan.self, within: .seconds(60)) {
                        (connection, scan) throws(RabbitMQError) in try scan.next(Self.batch, connection)
                    }.map { Held(tag: $0.tag, opened: DeadLetterQueue.read($0.message)) }
                },
                { tags in
                    try await owner.perform(as: DeadLetterScan.self, within: .seconds(60)) {
                        (connection, scan) throws(RabbitMQError) in try scan.remove(tags, connection)
                    }
                })
            try await owner.perform(as: DeadLetterScan.self, within: .seconds(60)) {
                (connection, scan) throws(RabbitMQError) in try scan.end(connection)
            }
            await owner.close()
        } catch {
            // Closing the connection requeues the held letters.
            await owner.close()
            throw (error as? RabbitMQError).map { DriverError($0, at: location) } ?? error
        }
    }

    private func begin(_ owner: ConnectionOwner) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let hasBegun = try await owner.perform(as: DeadLetterScan.self, within: .seconds(20)) {
                (connection, scan) throws(RabbitMQError) in try scan.begin(connection)
            }
            if hasBegun { return }
            guard .now < deadline else {
                throw DriverError(.tryAgain, "broker \(location): another command is still reading the dead letters")
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 100...300)))
        }
    }
}
