import CeleryCore
import Fixtures
import Redis
import ResultStores

/// Keys of their own at a Redis server, for what only Redis has.
final class RedisPlace: Sendable {
    let server: RedisServer
    let prefix: String
    /// For looking at the server as any other program does.
    let link: RedisLink

    init(_ server: RedisServer? = nil) throws {
        self.server = try server ?? .shared
        prefix = "test-\(UInt64.random(in: 0...UInt64.max))-"
        link = RedisLink(try RedisOptions(ServiceURL(self.server.url)))
    }

    func store(
        expires: Double? = 3_600, failureExpires: Double? = nil, chordExpires: Double? = nil, url: String? = nil,
        testTime: (@Sendable () -> Timestamp)? = nil
    ) throws -> RedisResultStore {
        try RedisResultStore(
            RedisOptions(ServiceURL(url ?? server.url)),
            RedisResultTerms(expires: expires, failureExpires: failureExpires, chordExpires: chordExpires, keyPrefix: prefix),
            testTime: testTime)
    }

    /// The key of a result.
    func key(_ id: String) -> String { "\(prefix)celery-task-meta-\(id)" }

    /// The key of a group, or of a record of its chord.
    func group(_ id: String, _ suffix: String = "") -> String { "\(prefix)celery-taskset-meta-\(id)\(suffix)" }

    /// What a Python client does before it sends the members of a chord.
    func beginChord(_ id: String, size: Int) async throws {
        _ = try await link.ask([RedisCommand("DEL", .text(group(id, ".c"))), RedisCommand("SET", .text(group(id, ".s")), .number(size), "EX", "600")])
    }

    /// Has the claim to send the body of a chord run out.
    func dropClaim(to id: String) async throws { _ = try await link.ask(RedisCommand("DEL", .text(group(id, ".c")))) }

    func get(_ key: String) async throws -> String? { try await link.ask(RedisCommand("GET", .text(key))).textValue }

    func set(_ key: String, _ value: RedisCommand.Word) async throws {
        _ = try await link.ask(RedisCommand("SET", .text(key), value, "EX", "600"))
    }

    /// Seconds that a key has left; -1 for ever, -2 without one.
    func secondsLeft(_ key: String) async throws -> Int? { try await link.ask(RedisCommand("TTL", .text(key))).intValue }
}
