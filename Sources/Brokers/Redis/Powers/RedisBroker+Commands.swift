package import CeleryCore
import Redis
import Synchronization
import Wire

/// A paused queue, as it is kept: until when, for the script that takes messages, then the pause as JSON.
enum RedisPause {
    /// Later than any pause ends.
    private static let never = "99999999999.000000"

    static func bytes(_ pause: QueuePause) -> [UInt8] {
        Array(((pause.until.map(RedisTime.text) ?? never) + " ").utf8) + pause.json.bytes()
    }

    /// Pauses by queue, from the reply to HGETALL. Unreadable ones are of another version, and left out.
    static func read(_ reply: RESPValue) -> [String: QueuePause] {
        let parts = reply.elements ?? []
        var pauses: [String: QueuePause] = [:]
        for at in stride(from: 0, to: parts.count - 1, by: 2) {
            guard let queue = parts[at].textValue, let bytes = parts[at + 1].bytesValue, let space = bytes.firstIndex(of: 0x20),
                let json = try? JSON(parsing: Array(bytes[(space + 1)...])), let pause = QueuePause(json: json)
            else { continue }
            pauses[queue] = pause
        }
        return pauses
    }
}

extension RedisBroker: Revoking {
    package func endsInto(_ store: any ResultStore) -> Bool { false }

    /// How many commands are kept, about.
    private static let commandLimit = 50_000

    /// Messages stay in their lists, from whose middle nothing can be removed: workers drop them when they take them. Python's
    /// workers receive ids and headers by remote control, which does not reach workers that start later.
    package func revoke(
        _ revocations: [Revocation], ending: @escaping @Sendable (Message, _ attempt: Int) -> Outcome,
        removed: @Sendable ([RemovedMessage]) async throws -> Void
    ) async throws -> RevocationReport {
        let commands = revocations.map { revocation in
            RedisCommand(
                "XADD", .text(layout.commands), "MAXLEN", "~", .number(Self.commandLimit), "*", "command",
                .bytes(CommandStream.message(.revoke(revocation)).body))
        }
        if !commands.isEmpty { _ = try await link.ask(commands) }
        for request in AMQPBroker.requests(revocations) { try await tell(request, to: .all) }
        return RevocationReport()
    }

    /// The revocations in a reply to XRANGE, and the id of the last.
    static func revocations(_ reply: RESPValue) -> (revocations: [Revocation], last: String?) {
        var revocations: [Revocation] = []
        for entry in reply.elements ?? [] {
            guard let body = entry.elements?.last?["command"]?.bytesValue,
                case .revoke(let revocation)? = CommandStream.entry(WireMessage(routingKey: CommandStream.name, body: body))
            else { continue }
            revocations.append(revocation)
        }
        return (revocations, reply.elements?.last?.elements?.first?.textValue)
    }
}

extension RedisBroker: CommandShowing {
    package func standingCommands() async throws -> StandingCommands {
        let replies = try await link.ask([RedisCommand("XRANGE", .text(layout.commands), "-", "+"), RedisCommand("HGETALL", .text(layout.pauses))])
        let now = self.now()
        var commands = StandingCommands()
        commands.revocations = Self.revocations(replies[0]).revocations.filter { $0.until > now }
        commands.pauses = RedisPause.read(replies[1]).filter { $0.value.holds(at: now) }
        return commands
    }

    package func pause(_ queue: String, _ pause: QueuePause) async throws {
        try layout.check(queue, "a queue")
        _ = try await link.ask(RedisCommand("HSET", .text(layout.pauses), .text(queue), .bytes(RedisPause.bytes(pause))))
    }

    package func resume(_ queue: String) async throws -> Bool {
        let isPaused = try await pausedQueues()[queue] != nil
        _ = try await link.ask(RedisCommand("HDEL", .text(layout.pauses), .text(queue)))
        return isPaused
    }

    package func pausedQueues() async throws -> [String: QueuePause] {
        let now = self.now()
        return RedisPause.read(try await link.ask(RedisCommand("HGETALL", .text(layout.pauses)))).filter { $0.value.holds(at: now) }
    }
}

extension RedisConsumer: CommandFollowing {
    package func takeCommands() async throws -> StandingCommands {
        let known = commands.withLock { $0.last }
        let replies = try await link.ask([
            RedisCommand("XRANGE", .text(layout.commands), .text(known.isEmpty ? "-" : "(" + known), "+"),
            RedisCommand("HGETALL", .text(layout.pauses)),
        ])
        let now = broker.now()
        let (revocations, last) = RedisBroker.revocations(replies[0])
        var news = StandingCommands()
        news.revocations = revocations.filter { $0.until > now }
        let pauses = RedisPause.read(replies[1])
        news.pauses = pauses.filter { $0.value.holds(at: now) }
        commands.withLock { state in
            state.last = last ?? state.last
            state.pauses = pauses
            // The first commands are in force before any message is taken.
            state.heeded = state.heeded ?? state.last
        }
        return news
    }

    package func waitForCommands() async throws {
        // Waiting for the next command means that the last one is in force.
        let (known, isNews) = commands.withLock { state in
            let isNews = state.heeded != state.last
            state.heeded = state.last
            return (state, isNews)
        }
        if isNews { tracking.bell.ring() }
        while true {
            let seen = tracking.bell.count
            let replies = try await tracking.look([
                RedisCommand("XREVRANGE", .text(layout.commands), "+", "-", "COUNT", "1"), RedisCommand("HGETALL", .text(layout.pauses)),
            ])
            let newest = RedisConsumer.newest(replies[0])
            if newest != known.last && !newest.isEmpty || RedisPause.read(replies[1]) != known.pauses { return }
            await tracking.bell.wait(since: seen, until: tracking.nextLook)
            try Task.checkCancellation()
        }
    }
}
