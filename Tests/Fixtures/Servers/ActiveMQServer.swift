import Processes

/// An ActiveMQ server of the tests' own, for all tests of this process.
///
/// It is started on first use by `Tests/Servers/activemq` and ends with this process, however that ends. With CELERY_TEST_ACTIVEMQ in
/// the environment, the server that runs in that folder is used, and left running; it must have been started with `--tls`.
package struct ActiveMQServer: Sendable {
    private static let script = ServerScript(name: "activemq")
    /// What DIR/env of the script says: ACTIVEMQ_PORT and so on.
    private let facts: [String: String]

    /// The one server. Blocks for some two seconds the first time, unless it runs already.
    package static var shared: ActiveMQServer {
        get throws { try started.get() }
    }

    private static let started = Result<ActiveMQServer, any Error> {
        if let folder = Environment.current()["CELERY_TEST_ACTIVEMQ"], !folder.isEmpty { return try ActiveMQServer(folder: folder) }
        return try start()
    }

    /// Port on 127.0.0.1.
    package var port: Int { Int(facts["ACTIVEMQ_PORT"] ?? "") ?? 0 }
    /// The authority of its certificate.
    package var authority: String { facts["ACTIVEMQ_TLS_CA"] ?? "" }
    package var folder: String { facts["ACTIVEMQ_DIR"] ?? "" }

    /// URL as the user `celery`, who may do everything.
    package var url: String { facts["ACTIVEMQ_URL"] ?? "" }
    /// The same over TLS, without its authority.
    package var tlsURL: String { facts["ACTIVEMQ_TLS_URL"] ?? "" }

    /// A server of one's own, for a test that kills it: one that ends with this process too.
    ///
    /// - Parameter options: Those of `Tests/Servers/activemq start`.
    package static func start(options: [String] = ["--tls"]) throws -> ActiveMQServer {
        try ActiveMQServer(folder: script.start(options: options))
    }

    /// Does what the script can do with a server: `kill`, `restart`, `suspend`, `resume`, `stop`.
    package func perform(_ verb: String) throws { try Self.script.run([verb, folder]) }

    private init(folder: String) throws { facts = try ServerScript.facts(of: folder) }
}
