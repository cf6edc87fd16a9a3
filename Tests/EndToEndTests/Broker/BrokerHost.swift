import CeleryCore
import Fixtures
import Glibc
import Testing

/// A running `celery broker` of a project, and a second project that knows it by its URL alone, as another machine would.
struct BrokerHost {
    let home: Project
    let client: Project
    /// `zmq://127.0.0.1:PORT?server_key=...`.
    let url: String
    var variables: [String: String] { ["CELERY_BROKER_URL": url] }

    /// Starts it in the background on a free port, with pidfile broker.pid and log broker.log.
    ///
    /// - Parameter role: That of the client in the allow list; `nil` for plain connections.
    init(role: String? = "admin") throws {
        home = try Project()
        client = try Project()
        if let role {
            _ = try home.run("celery broker --keygen").text
            let key = try client.run("celery broker -q --keygen celeryclient.key").text
            try home.write("\(role) \(key) client\n", to: "celerybroker.clients")
        }
        url = try Self.startAnywhere(home)
    }

    /// On a port below those that the kernel hands out: one of those may be somebody's connection while the broker restarts.
    private static func startAnywhere(_ home: Project) throws -> String {
        func address() -> String { "tcp://127.0.0.1:\(Int.random(in: 10_000..<30_000))" }
        for _ in 0..<10 {
            if let url = try? start(home, address()) { return url }
        }
        return try start(home, address())
    }

    private static func start(_ home: Project, _ address: String) throws -> String {
        _ = try home.run("celery broker --detach --bind \(address) -p broker.pid -f broker.log").text
        let line = try #require(home.read("broker.log").split(separator: "\n").last { $0.contains("Answering at ") })
        return String(try #require(line.split(separator: " ").last))
    }

    var port: String { String(url.split(separator: ":").last?.prefix { $0.isNumber } ?? "") }

    /// Kills it without warning, and starts another in its place.
    func killAndRestart() throws {
        let id = try #require(Int32(home.read("broker.pid").filter(\.isNumber)))
        kill(id, SIGKILL)
        // Until then it has the port.
        #expect(eventually { kill(id, 0) != 0 })
        _ = try Self.start(home, "tcp://127.0.0.1:\(port)")
    }

    /// Runs a command line on the client's side.
    func run(_ line: String) throws -> Ended { try client.run(line, with: variables) }
}
