import CeleryCore
import Fixtures
import Redis
import Testing

/// Looking at keys, and being told of their changes.
@Suite(.timeLimit(.minutes(2))) struct RedisTrackingTests {
    private let server: RedisServer
    private let link: RedisLink
    private let prefix = "tracking-\(TaskID())-"

    init() throws {
        server = try .shared
        link = RedisLink(try RedisOptions(ServiceURL(server.url)))
    }

    private func tracking(_ url: String? = nil) throws -> RedisTracking { RedisTracking(try RedisOptions(ServiceURL(url ?? server.url))) }

    private func key(_ name: String) -> RedisCommand.Word { .text(prefix + name) }

    @Test func `the first change of any key that was looked at rings, whether the key existed or not`() async throws {
        let tracking = try tracking()
        for (number, change) in ["a", "b", "a"].enumerated() {
            let seen = tracking.bell.count
            let there = try await tracking.look([RedisCommand("EXISTS", key("a"), key("b")), RedisCommand("ZRANGE", key("due"), "0", "0")])
            #expect(there.first == .integer(Int64(min(number, 2))))
            #expect(tracking.isTold)
            _ = try await link.ask(RedisCommand("LPUSH", key(change), "x"))
            try await promptly("the news") { await tracking.bell.wait(since: seen, until: nil) }
        }
        // Nobody looks now: nothing is told.
        let seen = tracking.bell.count
        _ = try await link.ask(RedisCommand("LPUSH", key("a"), "x"))
        await tracking.bell.wait(since: seen, until: .now + .milliseconds(100))
        #expect(tracking.bell.count == seen)
        await tracking.close()
    }

    @Test func `changes by scripts ring, and so does the removal of a key`() async throws {
        let tracking = try tracking()
        let first = tracking.bell.count
        _ = try await tracking.look([RedisCommand("EXISTS", key("s"))])
        _ = try await link.ask(RedisCommand("EVAL", "redis.call('SET', KEYS[1], 1)", "1", key("s")))
        try await promptly("the news of a script") { await tracking.bell.wait(since: first, until: nil) }
        let second = tracking.bell.count
        _ = try await tracking.look([RedisCommand("EXISTS", key("s"))])
        _ = try await link.ask(RedisCommand("DEL", key("s")))
        try await promptly("the news of the removal") { await tracking.bell.wait(since: second, until: nil) }
        await tracking.close()
    }

    @Test func `a lost connection rings, because changes may have been missed, and the next look makes another`() async throws {
        let name = "tracked-\(TaskID())"
        let tracking = try tracking(server.url + "?client_name=\(name)")
        _ = try await tracking.look([RedisCommand("EXISTS", key("l"))])
        let seen = tracking.bell.count
        let clients = try await link.ask(RedisCommand("CLIENT", "LIST")).textValue ?? ""
        let line = try #require(clients.split(separator: "\n").first { $0.contains("name=\(name) ") })
        let id = line.split(separator: " ")[0].dropFirst("id=".count)
        _ = try await link.ask(RedisCommand("CLIENT", "KILL", "ID", .text(String(id))))
        try await promptly("the news of the loss") { await tracking.bell.wait(since: seen, until: nil) }
        #expect(try await tracking.look([RedisCommand("EXISTS", key("l"))]) == [.integer(0)])
        await tracking.close()
    }

    @Test func `a server that may not tell is looked at often`() async throws {
        let user = "untold-\(TaskID())"
        _ = try await link.ask(RedisCommand("ACL", "SETUSER", .text(user), "on", ">secret", "~*", "&*", "+@all", "-client|tracking"))
        let tracking = try tracking("redis://\(user):secret@127.0.0.1:\(server.port)/0")
        #expect(try await tracking.look([RedisCommand("EXISTS", key("r"))]) == [.integer(0)])
        #expect(!tracking.isTold && tracking.nextLook < .now + .seconds(1))
        await tracking.close()
        _ = try await link.ask(RedisCommand("ACL", "DELUSER", .text(user)))
    }

    @Test func `a refusal is an error`() async throws {
        let tracking = try tracking()
        _ = try await link.ask(RedisCommand("SET", key("text"), "x"))
        await #expect(throws: DriverError.self) { try await tracking.look([RedisCommand("LLEN", key("text"))]) }
        await tracking.close()
    }
}
