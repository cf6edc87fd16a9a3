import Processes

/// A Redis server of the tests' own, for all tests of this process.
///
/// It is started on first use by `Tests/Servers/redis` and ends with this process, however that ends. With CELERY_TEST_REDIS in the
/// environment, the server that runs in that folder is used, and left running; it must have been started with `--tls`.
package struct RedisServer: Sendable {
    private static let script = ServerScript(name: "redis")
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
        try RedisServer(folder: script.start(options: options))
    }

    /// Does what the script can do with a server: `kill`, `restart`, `suspend`, `resume`, `stop`.
    package func perform(_ verb: String) throws { try Self.script.run([verb, folder]) }

    /// Runs `redis-cli`, and returns what it prints. Blocks.
    @discardableResult
    package func ask(_ arguments: String...) throws -> String { try Self.script.run(["cli", folder] + arguments) }

    private init(folder: String) throws {
        facts = try ServerScript.facts(of: folder)
    }
}
