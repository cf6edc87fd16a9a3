package import CeleryCore
import CeleryRedis
import Redis
import Wire

extension RedisBroker: QueueCounting {
    /// The queues of the settings, the queues that our programs have published to or consume, and the queues that Python's programs
    /// have bound. The last are left out if the server has too many keys to search.
    ///
    /// What workers hold is not known by queue, and Python's workers cannot be counted.
    package func queues() async throws -> [QueueCount] {
        var names = settings.queues + settings.queueDefinitions.keys + [settings.defaultQueue]
        let workers = try await reports()
        names += workers.flatMap(\.queues)
        names += (try await link.ask(RedisCommand("SMEMBERS", .text(layout.queues))).elements ?? []).compactMap(\.textValue)
        names += try await boundQueues()
        var counts: [QueueCount] = []
        for name in names.distinct.sorted() {
            if let count = try await count(of: name, workers) { counts.append(count) }
        }
        return counts
    }

    /// Keys looked at in one step, and steps, in search of bindings: the server may be full of results.
    private static let search = (keys: 5_000, steps: 20)

    /// The queues that are bound to an exchange.
    private func boundQueues() async throws -> [String] {
        var tables: [String] = []
        var cursor = "0"
        let pattern = RedisSubscription.Channel.escaped(layout.bindings("")) + "*"
        for _ in 0..<Self.search.steps {
            let reply = try await link.ask(RedisCommand("SCAN", .text(cursor), "MATCH", .text(pattern), "COUNT", .number(Self.search.keys)))
            tables += (reply.elements?.last?.elements ?? []).compactMap(\.textValue)
            cursor = reply.elements?.first?.textValue ?? "0"
            if cursor == "0" { break }
        }
        let members = try await link.ask(tables.distinct.map { RedisCommand("SMEMBERS", .text($0)) })
        return members.flatMap { $0.elements ?? [] }.compactMap { $0.textValue.flatMap { QueueBinding($0, separator: layout.separator)?.queue } }
    }

    package func count(of queue: String) async throws -> QueueCount? { try await count(of: queue, reports()) }

    private func count(of queue: String, _ workers: [RedisWorkerRecord]) async throws -> QueueCount? {
        let lists = layout.lists(queue).map { RedisCommand("LLEN", .text($0)) }
        let now = RedisTime.text(self.now())
        let replies = try await link.ask(
            lists + [
                RedisCommand("ZCOUNT", .text(layout.due(queue)), "-inf", .text(now)),
                RedisCommand("ZCOUNT", .text(layout.due(queue)), .text("(" + now), "+inf"),
            ])
        let numbers = replies.map { $0.intValue ?? 0 }
        var count = QueueCount(
            name: queue, ready: numbers.dropLast().reduce(0, +), scheduled: numbers.last, running: nil,
            consumers: workers.count { $0.queues.contains(queue) })
        guard count.ready + (count.scheduled ?? 0) + count.consumers > 0 else { return nil }
        count.scheduled = count.scheduled ?? 0
        return count
    }

    /// Our workers that live.
    func reports() async throws -> [RedisWorkerRecord] {
        let now = RedisTime.text(self.now())
        let replies = try await link.ask([
            RedisCommand("ZRANGEBYSCORE", .text(layout.leases), .text(now), "+inf"), RedisCommand("HGETALL", .text(layout.workers)),
        ])
        return (replies[0].elements ?? []).compactMap(\.textValue).compactMap { id in
            replies[1][id]?.bytesValue.flatMap(RedisWorkerRecord.init)
        }
    }
}

extension RedisBroker: QueuePurging {
    package var queuesToPurge: [String]? { nil }

    /// Also purges messages that wait for their time.
    package func purge(_ queues: [String]?, progress: @Sendable (Int) -> Void) async throws -> [String: Int] {
        var names = queues?.distinct ?? []
        if queues == nil { names = try await self.queues().map(\.name) }
        var counts: [String: Int] = [:]
        for name in names {
            let keys = layout.lists(name)
            var rest = 1
            while rest > 0 {
                let reply = try await link.ask(
                    RedisCommand(RedisBrokerScripts.purge, keys: [layout.unacked, layout.unackedIndex, layout.due(name)] + keys, []),
                    isRepeatable: false)
                counts[name, default: 0] += reply.elements?.first?.intValue ?? 0
                rest = reply.elements?.last?.intValue ?? 0
                progress(counts.values.reduce(0, +))
            }
        }
        return counts
    }
}

extension RedisBroker: KeyedPublishing {
    package func publish(_ message: Message, key: String, ttl: Duration) async throws -> TaskID {
        try layout.check(key, "a key")
        let pushes = try await pushes(of: [message])
        guard pushes.count == 1, let push = pushes.first else {
            throw DriverError(.refused, "task \(message.id) goes to \(pushes.count) queues, and a key can hold only one message", subject: message.id)
        }
        let seconds = RedisTime.text(Timestamp(seconds: ttl.inSeconds))
        let words: [RedisCommand.Word] = [timeWord, .text(seconds), .text(message.id.text), .text(push.queue), .text(push.list), .bytes(push.text)]
        let holder = try await link.ask(RedisCommand(RedisBrokerScripts.publishKeyed, keys: [layout.key(key), layout.queues], words))
        return holder.textValue.map { TaskID($0) } ?? message.id
    }
}

extension RedisBroker: ReplySending {
    /// Longest time, in seconds, that an answer waits for a client that may be gone, and how many do.
    private static let longestReply = 86_400.0
    private static let mostReplies = 10_000

    /// Every message of Python's names a queue for answers, and here, where queues are not declared, an answer to a client that waits
    /// elsewhere would lie there. So none is sent beside results that Python's clients look up themselves.
    package func mayBeAwaited(beside store: (any ResultStore)?) -> Bool { !(store is any RedisResultWriting) }

    package func reply(_ results: [TaskResult]) async throws {
        var commands: [RedisCommand] = []
        for wire in results.compactMap(ReplyMessage.message) {
            try layout.check(wire.routingKey, "a queue for results")
            let list = layout.list(wire.routingKey, priority: 0)
            let seconds = min(settings.resultExpires ?? Self.longestReply, Self.longestReply)
            commands.append(RedisCommand("LPUSH", .text(list), .bytes(RedisEnvelope(wire).bytes)))
            commands.append(RedisCommand("LTRIM", .text(list), "0", .number(Self.mostReplies - 1)))
            commands.append(RedisCommand("EXPIRE", .text(list), .number(max(60, Int(seconds)))))
        }
        if !commands.isEmpty { _ = try await link.ask(commands) }
    }
}
