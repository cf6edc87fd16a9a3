import Processes

/// A Memcached server of the tests' own, for all tests of this process.
///
/// It is started on first use by `Tests/Servers/memcached` and ends with this process, however that ends. With
/// CELERY_TEST_MEMCACHED in the environment, the server that runs in that folder is used, and left running.
package struct LocalMemcached: Sendable {
    private static let script = ServerScript(name: "memcached")
    private let facts: [String: String]

    /// The one server. Blocks for a moment the first time, unless it runs already.
    package static var shared: LocalMemcached {
        get throws { try started.get() }
    }

    private static let started = Result<LocalMemcached, any Error> {
        if let folder = Environment.current()["CELERY_TEST_MEMCACHED"], !folder.isEmpty {
            return LocalMemcached(facts: try ServerScript.facts(of: folder))
        }
        return try start()
    }

    /// A server of one's own, for a test that kills it: one that ends with this process too.
    ///
    /// - Parameter options: Those of `Tests/Servers/memcached start`.
    package static func start(options: [String] = []) throws -> LocalMemcached {
        LocalMemcached(facts: try ServerScript.facts(of: script.start(options: options)))
    }

    /// Port on 127.0.0.1.
    package var port: Int { Int(facts["MEMCACHED_PORT"] ?? "") ?? 0 }
    package var url: String { facts["MEMCACHED_URL"] ?? "" }
    /// File of the authority of its certificate, if it was started with `--tls`.
    package var authority: String { facts["MEMCACHED_TLS_CA"] ?? "" }

    /// Does what the script can do with a server: `kill`, `restart`, `suspend`, `resume`, `stop`.
    package func perform(_ verb: String) throws { try Self.script.run([verb, facts["MEMCACHED_DIR"] ?? ""]) }
}
