import CeleryCore
import Fixtures
import Memcached
import ResultStores

/// Keys of their own at a Memcached server, for what only Memcached has.
final class MemcachedPlace: Sendable {
    let server: LocalMemcached
    /// What a Python program names as `global_keyprefix`, to which it adds an underscore.
    let name: String
    var prefix: String { name + "_" }
    /// For looking at the server as any other program does.
    let link: MemcachedLink

    init(_ server: LocalMemcached? = nil) throws {
        self.server = try server ?? .shared
        name = "test-\(UInt64.random(in: 0...UInt64.max))"
        link = MemcachedLink(try MemcachedOptions(ServiceURL(self.server.url)))
    }

    func store(expires: Double? = 3_600, chordExpires: Double? = nil, url: String? = nil) throws -> MemcachedResultStore {
        try MemcachedResultStore(
            MemcachedOptions(ServiceURL(url ?? server.url)),
            MemcachedResultStore.Terms(expires: expires, chordExpires: chordExpires, keyPrefix: prefix))
    }

    /// The key of a result.
    func key(_ id: String) -> String { "\(prefix)celery-task-meta-\(id)" }

    /// The key of a group.
    func group(_ id: String) -> String { "\(prefix)celery-taskset-meta-\(id)" }

    /// The key of the counter of a chord.
    func counter(_ id: String) -> String { "\(prefix)chord-unlock-\(id)" }

    /// What a Python client does before it sends the members of a chord.
    func beginChord(_ id: String, of members: [String]) async throws {
        try await set(counter(id), "0")
        let form = members.map { #"[["\#($0)", null], null]"# }.joined(separator: ", ")
        try await set(group(id), #"{"result": [["\#(id)", null], [\#(form)]]}"#)
    }

    func get(_ key: String) async throws -> String? {
        try await link.values(of: [key])[key].map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    func set(_ key: String, _ text: String) async throws { _ = try await link.ask(.set(key, Array(text.utf8), expires: 600)) }

    /// Stores what a client of Python stores with these flags.
    ///
    /// - Parameter value: An expression of Python, of type bytes.
    func set(_ key: String, flags: Int, python value: String) throws {
        let answer = try Python.lines(
            """
            import socket, zlib
            value = \(value)
            with socket.create_connection(("127.0.0.1", \(server.port))) as s:
                s.sendall(b"set \(key) \(flags) 600 %d\\r\\n%s\\r\\n" % (len(value), value))
                print(s.recv(64).decode().strip())
            """)
        guard answer == ["STORED"] else { throw ServerTrouble("\(answer)") }
    }
}
