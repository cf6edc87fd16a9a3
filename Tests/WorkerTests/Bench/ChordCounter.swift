import CeleryCore
import Fixtures
import Memcached
import Redis
import ResultStores
import Wire

/// A store that counts the members of a chord, and what Python's client writes there before it sends them.
enum ChordCounter: CaseIterable, Sendable {
    case redis, memcached

    func store(prefix: String) throws -> any ResultStore {
        switch self {
        case .redis: try RedisResultStore(RedisOptions(ServiceURL(RedisServer.shared.url)), RedisResultTerms(expires: 600, keyPrefix: prefix))
        case .memcached: try MemcachedResultStore(MemcachedOptions(ServiceURL(LocalMemcached.shared.url)), .init(expires: 600, keyPrefix: prefix))
        }
    }

    /// Writes what stands there before the members are sent.
    func begin(_ group: String, _ members: [Message], prefix: String) async throws {
        switch self {
        case .redis:
            let link = RedisLink(try RedisOptions(ServiceURL(RedisServer.shared.url)))
            _ = try await link.ask(RedisCommand("SET", .text("\(prefix)celery-taskset-meta-\(group).s"), .number(members.count), "EX", "600"))
            await link.close()
        case .memcached:
            let form: JSON = ["result": [[.string(group), nil], .array(members.map { [[.string($0.id.text), nil], nil] })]]
            let link = MemcachedLink(try MemcachedOptions(ServiceURL(LocalMemcached.shared.url)))
            _ = try await link.send([
                .set("\(prefix)chord-unlock-\(group)", [0x30], expires: 600),
                .set("\(prefix)celery-taskset-meta-\(group)", form.bytes(style: .python), expires: 600),
            ])
            await link.close()
        }
    }

    /// Whether anything of a chord is left.
    func hasLeft(_ group: String, prefix: String) async throws -> Bool {
        switch self {
        case .redis:
            let link = RedisLink(try RedisOptions(ServiceURL(RedisServer.shared.url)))
            let left = try await link.ask(
                RedisCommand(["EXISTS"] + [".j", ".s", ".d", ".t"].map { .text("\(prefix)celery-taskset-meta-\(group)\($0)") }))
            await link.close()
            return left != .integer(0)
        case .memcached:
            let link = MemcachedLink(try MemcachedOptions(ServiceURL(LocalMemcached.shared.url)))
            let left = try await link.values(of: ["\(prefix)chord-unlock-\(group)", "\(prefix)celery-taskset-meta-\(group)"])
            await link.close()
            return !left.isEmpty
        }
    }
}
