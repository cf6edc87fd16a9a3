import Processes

/// The example broker of Qpid Proton, for all tests of this process: AMQP 1.0, with queues in memory and nothing else.
///
/// It is compiled and started on first use by `Tests/Servers/proton` and ends with this process, however that ends. With
/// CELERY_TEST_PROTON in the environment, the server that runs in that folder is used, and left running.
package struct ProtonExample: Sendable {
    private static let script = ServerScript(name: "proton")
    /// What DIR/env of the script says: PROTON_PORT and so on.
    private let facts: [String: String]

    /// The one server. Blocks for some seconds the first time, unless it runs already.
    package static var shared: ProtonExample {
        get throws { try started.get() }
    }

    private static let started = Result<ProtonExample, any Error> {
        if let folder = Environment.current()["CELERY_TEST_PROTON"], !folder.isEmpty { return try ProtonExample(folder: folder) }
        return try ProtonExample(folder: script.start(options: []))
    }

    /// Port on 127.0.0.1.
    package var port: Int { Int(facts["PROTON_PORT"] ?? "") ?? 0 }
    package var url: String { facts["PROTON_URL"] ?? "" }

    private init(folder: String) throws { facts = try ServerScript.facts(of: folder) }
}
