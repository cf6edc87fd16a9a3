import Glibc
import Processes
import Synchronization

/// A Redis server of the tests' own, for all tests of this process.
///
/// It is started on first use by `Tests/Servers/redis` and ends with this process, however that ends. With CELERY_TEST_REDIS in the
/// environment, the server that runs in that folder is used, and left running; it must have been started with `--tls`.
package struct RedisServer: Sendable {
    /// What DIR/env of the script says: REDIS_PORT and so on.
    private let facts: [String: String]

    /// The one server. Blocks for a second the first time, unless it runs already.
    package static var shared: RedisServer {
        get throws { try started.get() }
    }

    private static let started = Result<RedisServer, any Error> {
        if let folder = Environment.current()["CELERY_TEST_REDIS"], !folder.isEmpty { return try RedisServer(folder: folder) }
        return try start()
    }

    /// Port on 127.0.0.1.
    package var port: Int { Int(facts["REDIS_PORT"] ?? "") ?? 0 }
    /// Port for TLS, for the names localhost and 127.0.0.1.
    package var tlsPort: Int { Int(facts["REDIS_TLS_PORT"] ?? "") ?? 0 }
    /// Folder with ca.pem, server.pem, client.pem, client.key.
    package var tlsFolder: String { facts["REDIS_TLS_DIR"] ?? "" }
    /// Path of its socket.
    package var socket: String { facts["REDIS_SOCKET"] ?? "" }
    package var folder: String { facts["REDIS_DIR"] ?? "" }

    /// URL of database 0, as the user `celery`, who may do everything.
    package var url: String { "redis://celery:celery-secret@127.0.0.1:\(port)/0" }
    /// The same over TLS, without its authority.
    package var tlsURL: String { "rediss://celery:celery-secret@localhost:\(tlsPort)/0" }

    /// A server of one's own, for a test that kills it: one that ends with this process too.
    ///
    /// - Parameter options: Those of `Tests/Servers/redis start`.
    package static func start(options: [String] = ["--tls"]) throws -> RedisServer {
        let folder = "\(temporaryFolder)/celery-redis-\(UInt32.random(in: 0...UInt32.max))"
        // Should this process be killed, the script notices.
        try run(["start", folder, "--owner", "\(getpid())"] + options)
        ending.withLock { folders in
            if folders.isEmpty {
                atexit { RedisServer.stopAll() }
            }
            folders.append(folder)
        }
        return try RedisServer(folder: folder)
    }

    /// The folders of the servers that end with this process.
    private static let ending = Mutex<[String]>([])

    private static func stopAll() {
        for folder in ending.withLock({ $0 }) where access("\(folder)/settings", F_OK) == 0 {
            _ = try? run(["stop", folder])
        }
    }

    /// Does what the script can do with a server: `kill`, `restart`, `suspend`, `resume`, `stop`.
    package func perform(_ verb: String) throws { try Self.run([verb, folder]) }

    /// Runs `redis-cli`, and returns what it prints. Blocks.
    @discardableResult
    package func ask(_ arguments: String...) throws -> String { try Self.run(["cli", folder] + arguments) }

    private init(folder: String) throws {
        guard let file = fopen("\(folder)/env", "r") else { throw ServerTrouble("no server in \(folder)") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
        facts = Dictionary(
            String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
                line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
            }, uniquingKeysWith: { $1 })
    }

    @discardableResult
    private static func run(_ arguments: [String]) throws -> String {
        let spawn = Spawn("/bin/bash", arguments: ["bash", script] + arguments, environment: .current())
        let (output, status) = try capture(spawn)
        guard status == .exited(0) else { throw ServerTrouble("redis \(arguments): \(status)\n\(output)") }
        return output
    }

    /// Beside this file in the tree.
    private static let script: String = {
        "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Servers/redis"
    }()

    private static let temporaryFolder = Environment.current()["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
}
