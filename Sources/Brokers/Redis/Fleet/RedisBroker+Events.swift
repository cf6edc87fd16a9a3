package import CeleryCore
import Redis
import Wire

// Events are told to whoever listens, as kombu does, and those of our own workers are kept in a stream besides, if a worker was told
// to send them. A message whose events are in the stream says so in a header, so that a follower who reads both takes them once.
extension RedisBroker: EventSending {
    /// Header of our own: the events of the message are kept.
    static let keptHeader = "celery_kept"
    /// Events kept at most, about; a server holds them in memory.
    private static let limit = 100_000
    /// Commands in one go.
    private static let batch = 1_000

    package func send(_ events: [Event]) async throws {
        guard !events.isEmpty else { return }
        do {
            try await sendAll(events)
        } catch var error as DriverError where error.code == .unusable {
            // A key of another program in the place of the stream is no reason to end a worker.
            error.code = .refused
            throw error
        }
    }

    private func sendAll(_ events: [Event]) async throws {
        let isKept = try await link.ask(RedisCommand("EXISTS", .text(layout.events))) == .integer(1)
        var commands: [RedisCommand] = []
        if isKept {
            commands += events.map { event in
                RedisCommand(
                    "XADD", .text(layout.events), "MAXLEN", "~", .number(Self.limit), "*", "event", .bytes(EventMessage.body(of: event)))
            }
        }
        commands += EventMessage.messages(of: events).map { message in
            var message = message
            if isKept { message.headers[Self.keptHeader] = true }
            return telling(message)
        }
        for start in stride(from: 0, to: commands.count, by: Self.batch) {
            _ = try await link.ask(Array(commands[start..<min(start + Self.batch, commands.count)]), isRepeatable: false)
        }
    }

    /// Makes the stream, and drops what is older than the settings say.
    package func keepEvents() async throws {
        guard let seconds = settings.eventLog else { return }
        let oldest = max(0, Int((Timestamp.now.seconds - seconds) * 1_000))
        // A stream without entries is there as long as it has a group.
        let replies = try await link.send([
            RedisCommand("XGROUP", "CREATE", .text(layout.events), "celery", "$", "MKSTREAM"),
            RedisCommand("XTRIM", .text(layout.events), "MINID", "~", .number(oldest)),
        ])
        for (name, reply) in zip(["XGROUP", "XTRIM"], replies) {
            if case .error(let text) = reply, !text.hasPrefix("BUSYGROUP") { throw DriverError(RedisError(reply: text, to: name), at: location) }
        }
    }
}

extension RedisBroker: EventFollowing {
    package func events(from start: EventStart) async throws -> any EventFeed {
        let isKept = try await link.ask(RedisCommand("EXISTS", .text(layout.events))) == .integer(1)
        guard isKept || start == .now else {
            throw DriverError(
                .unsupported, "broker \(location) stores no events: it has no stream \(layout.events)",
                hint: "a worker with -E creates it; --follow alone shows events from now on")
        }
        var position: RedisEventFeed.Position?
        var gap: EventGap?
        if isKept {
            let newest = RedisConsumer.newest(try await link.ask(RedisCommand("XREVRANGE", .text(layout.events), "+", "-", "COUNT", "1")))
            switch start {
            case .now: position = .after(newest.isEmpty ? "0-0" : newest)
            case .oldest: position = .after("0-0")
            case .since(let time): position = .from("\(max(0, Int(time.seconds * 1_000)))")
            case .after(let text): (position, gap) = try await self.position(after: text, newest: newest)
            }
        }
        let feed = RedisEventFeed(self, position, gap)
        do {
            try await feed.begin()
        } catch {
            await feed.close()
            throw error
        }
        return feed
    }

    private func position(after text: String, newest: String) async throws -> (RedisEventFeed.Position, EventGap?) {
        guard let cursor = StreamID(text) else {
            throw DriverError(.refused, "cursor '\(text.forLog)' is not valid for \(location)", hint: "cursors of Redis look like 1796000000000-0")
        }
        let first = try await link.ask(RedisCommand("XRANGE", .text(layout.events), "-", "+", "COUNT", "1"))
        let oldest = StreamID(RedisConsumer.newest(first))
        if let last = StreamID(newest), cursor > last {
            return (.after("0-0"), EventGap(count: nil, reason: "cursor \(text) is past the end of the log of events: it belongs to another log"))
        }
        // The entry of a cursor that is older than all that is kept has gone, and others with it.
        if let oldest, cursor < oldest {
            return (.after(text), EventGap(count: nil, reason: "the events after cursor \(text) are no longer kept"))
        }
        return (.after(text), nil)
    }
}

/// The id of an entry in a stream: milliseconds, and a number among those of the same.
struct StreamID: Comparable {
    let milliseconds: UInt64
    let number: UInt64

    /// Reads `123` or `123-4`.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let milliseconds = UInt64(parts[0]), let number = parts.count == 2 ? UInt64(parts[1]) : 0
        else { return nil }
        (self.milliseconds, self.number) = (milliseconds, number)
    }

    static func < (left: Self, right: Self) -> Bool { (left.milliseconds, left.number) < (right.milliseconds, right.number) }
}
