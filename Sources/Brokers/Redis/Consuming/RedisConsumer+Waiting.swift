package import CeleryCore
import Redis
import Synchronization
import Wire

extension RedisConsumer {
    package func waitForWork(until deadline: ContinuousClock.Instant?) async throws {
        while true {
            let seen = tracking.bell.count
            let look = try await look()
            if look.hasWork { return }
            var wake = tracking.nextLook
            if let next = look.next { wake = min(wake, .now + max(.zero, next - look.now)) }
            if let deadline { wake = min(wake, deadline) }
            await tracking.bell.wait(since: seen, until: wake)
            try Task.checkCancellation()
            if let deadline, deadline <= .now { return }
        }
    }

    /// What there is to be taken.
    private struct Look {
        var now: Timestamp
        var hasWork = false
        /// When there may be something without anybody doing anything: a message becomes due, or a pause ends.
        var next: Timestamp?
    }

    /// Looks at the lists without taking anything. The bell rings when any of them changes.
    ///
    /// Kombu waits with BRPOP, which takes a message before anything can be recorded of it. BLMOVE from a list to itself would
    /// wait without taking, but for one list a connection, and a worker has four a queue. So the server remembers what was
    /// looked at, and tells of the first change: one connection for all lists, and no message changes its place.
    private func look() async throws -> Look {
        let queues = self.queues
        var commands = [
            RedisCommand("TIME"), RedisCommand("XREVRANGE", .text(layout.commands), "+", "-", "COUNT", "1"),
            RedisCommand("HGETALL", .text(layout.pauses)),
        ]
        for queue in queues {
            commands.append(RedisCommand(["EXISTS"] + layout.lists(queue).map(RedisCommand.Word.text)))
            commands.append(RedisCommand("ZRANGE", .text(layout.due(queue)), "0", "0", "WITHSCORES"))
        }
        let replies = try await tracking.look(commands)
        var look = Look(now: broker.testTime?() ?? Self.time(replies[0]) ?? broker.now())
        let newest = Self.newest(replies[1])
        // Nothing is taken until the worker heeds the command; then the bell rings.
        if let heeded = self.commands.withLock({ $0.heeded }), !newest.isEmpty, heeded != newest { return look }
        let pauses = RedisPause.read(replies[2])
        var times: [Timestamp] = []
        for (index, queue) in queues.enumerated() {
            if let pause = pauses[queue], pause.holds(at: look.now) {
                if let until = pause.until { times.append(until) }
                continue
            }
            if (replies[3 + 2 * index].intValue ?? 0) > 0 { look.hasWork = true }
            if let due = Self.score(replies[4 + 2 * index]) {
                if due <= look.now { look.hasWork = true } else { times.append(due) }
            }
        }
        look.next = times.min()
        return look
    }

    /// The reply to TIME.
    private static func time(_ reply: RESPValue) -> Timestamp? {
        guard let parts = reply.elements, parts.count == 2, let seconds = parts[0].intValue, let microseconds = parts[1].intValue else { return nil }
        return Timestamp(seconds: Double(seconds) + Double(microseconds) / 1e6)
    }

    /// The id of the newest entry of a stream; empty if there is none.
    static func newest(_ reply: RESPValue) -> String { reply.elements?.first?.elements?.first?.textValue ?? "" }

    /// The score of the one element of a sorted set that was asked for, in either version of the protocol.
    private static func score(_ reply: RESPValue) -> Timestamp? {
        guard let parts = reply.elements, !parts.isEmpty else { return nil }
        return RedisTime.read(parts[0].elements?.last ?? parts.last)
    }
}

extension RedisConsumer: BacklogKnowing {
    package func backlog() async throws -> Int {
        let waiting = try await waiting(upTo: .max, within: [:])
        return waiting + deliveries.withLock { $0.held.count }
    }
}

extension RedisConsumer: WaitingKnowing {
    /// Messages that came with an ETA are in their list until a worker has looked at them.
    package var seesWhatIsDue: Bool { false }

    package func waiting(upTo most: Int, within limits: [String: TaskLimit]) async throws -> Int {
        let paused = try await broker.pausedQueues()
        let now = RedisTime.text(broker.now())
        let commands = queues.filter { paused[$0] == nil }.flatMap { queue in
            layout.lists(queue).map { RedisCommand("LLEN", .text($0)) } + [RedisCommand("ZCOUNT", .text(layout.due(queue)), "-inf", .text(now))]
        }
        return min(most, try await link.ask(commands).reduce(0) { $0 + ($1.intValue ?? 0) })
    }
}

extension RedisConsumer: ScheduleKnowing {
    package func scheduled(upTo most: Int) async throws -> [Message] {
        var entries: [(due: Timestamp, tag: String, queue: String)] = []
        for queue in queues {
            let reply = try await link.ask(
                RedisCommand("ZRANGE", .text(layout.due(queue)), "0", .number(max(0, most - 1)), "WITHSCORES")).elements ?? []
            for at in stride(from: 0, to: reply.count - 1, by: 2) {
                guard let member = reply[at].textValue, let due = RedisTime.read(reply[at + 1]) else { continue }
                entries.append((due, Self.tag(ofDue: member), queue))
            }
        }
        let first = entries.sorted { ($0.due, $0.tag) < ($1.due, $1.tag) }.prefix(max(0, most))
        guard !first.isEmpty else { return [] }
        let texts = try await link.ask(RedisCommand(["HMGET", .text(layout.unacked)] + first.map { .text($0.tag) })).elements ?? []
        return zip(first, texts).compactMap { entry, text in
            // Unreadable messages name no task.
            guard let text = text.bytesValue, case .array(let parts)? = try? JSON(parsing: text), let object = parts.first,
                let envelope = try? RedisEnvelope(object.bytes()), var message = try? TaskMessageDecoder().decode(envelope.wire, queue: entry.queue)
            else { return nil }
            message.route.queue = entry.queue
            message.eta = entry.due
            return message
        }
    }

    /// The tag in `step:length:tag`.
    static func tag(ofDue member: String) -> String {
        String(member.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last ?? "")
    }
}

extension RedisConsumer: QueueSwitching {
    package var consumedQueues: [String] { queues }

    package func consume(from queues: [String]) async throws {
        let queues = queues.distinct
        try await declare(queues)
        selected.withLock { $0 = queues }
        tracking.bell.ring()
        _ = try await live()
    }

    /// With Redis a queue is declared by its name alone.
    package func define(_ queue: QueueDefinition) async { defined.withLock { $0[queue.name] = queue } }
}
