package import Brokers
package import BrokerServer
package import CeleryCore
package import CeleryZMQ
package import Fixtures
import Foundation
package import ResultStores
import Synchronization
package import ZeroMQ

/// A `celery broker` in this process, with keys, on a free port; clients connect as they would from another machine.
package final class ServedBroker: Sendable {
    package let folder = TemporaryFolder()
    package let serverKeys: CurveKeyPair
    private let running: Mutex<BrokerServer?>
    private let terms: Mutex<BrokerServer.Terms>
    package let url: String

    /// - Parameters:
    ///   - isPlain: Whether there are no keys.
    ///   - ending: The outcome of a revoked message.
    package init(
        broker: any Broker, store: any ResultStore, isPlain: Bool = false, ending: @escaping BrokerServer.Ending = ServedBroker.ending,
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) throws {
        serverKeys = try CurveKeyPair()
        let list = folder.file("clients")
        var lines = ""
        for role in BrokerRole.allCases { lines += "\(role) \(try CurveKeyFile.create(folder.file("\(role).key")).publicKey.text) \(role)\n" }
        _ = try CurveKeyFile.create(folder.file("stranger.key"))
        try write(lines, to: list)
        var terms = BrokerServer.Terms(
            address: "tcp://127.0.0.1:0", broker: broker, store: store, keys: isPlain ? nil : (serverKeys.secretKey, try ClientList(file: list)),
            redaction: Redaction(), ending: ending, note: { _ in })
        terms.now = now
        let server = try Self.start(&terms)
        let port = server.address.split(separator: ":").last ?? ""
        url = "zmq://127.0.0.1:\(port)" + (isPlain ? "" : "?server_key=\(serverKeys.publicKey.text)")
        running = Mutex(server)
        self.terms = Mutex(terms)
    }

    /// On a port below those that the kernel hands out: one of those may be somebody's connection while the server restarts.
    private static func start(_ terms: inout BrokerServer.Terms) throws -> BrokerServer {
        for _ in 0..<20 {
            terms.address = "tcp://127.0.0.1:\(Int.random(in: 10_000..<30_000))"
            if let server = try? BrokerServer(terms) { return server }
        }
        return try BrokerServer(terms)
    }

    deinit {
        if let server = running.withLock({ $0.take() }) { Task { await server.stop() } }
    }

    /// An outcome with a message that follows, so that a test sees where both end up.
    package static let ending: BrokerServer.Ending = { message, attempt, name, now in
        var result = TaskResult(id: message.id, state: .revoked, failure: .revoked("revoked"))
        (result.dateDone, result.attempt, result.worker) = (now, attempt, name)
        return Outcome(handle: DeliveryHandle(tag: 0, attempt: attempt), results: [result], followUps: [Message(id: TaskID(), task: "after \(message.task)", body: message.body)])
    }

    /// - Parameter role: The name of a key file.
    package func options(_ role: String = "admin", url given: String? = nil) throws -> ZMQOptions {
        try ZMQOptions(ServiceURL(given ?? url), keyFile: folder.file("\(role).key"), connectTimeout: .seconds(4))
    }

    package func broker(_ role: String = "admin") throws -> ZMQBroker { try ZMQBroker(options(role), name: "celery@test") }

    package func store(_ role: String = "admin") throws -> ZMQResultStore { try ZMQResultStore(options(role)) }

    /// Ends the server and starts another in its place, which knows nothing but the file.
    package func restart() async throws {
        await stop()
        try await start()
    }

    package func stop() async { await running.withLock { $0.take() }?.stop() }

    package func start() async throws {
        let terms = self.terms.withLock { $0 }
        // A process that another test starts has a copy of the old listener until it becomes another program.
        var server: BrokerServer?
        _ = try await eventually {
            server = try? BrokerServer(terms)
            return server != nil
        }
        let started = try server ?? BrokerServer(terms)
        running.withLock { $0 = started }
    }

    /// Changes the allow list.
    package func allow(_ lines: String) throws { try write(lines, to: folder.file("clients")) }
}

private func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
}
