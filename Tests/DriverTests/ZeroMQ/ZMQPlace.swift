import Brokers
import BrokerServer
import CeleryCore
import CeleryZMQ
import Fixtures
import Foundation
import ResultStores
import Synchronization
import ZeroMQ

/// A `celery broker` in this process, with keys, on a free port; clients connect as they would from another machine.
final class ZMQPlace: Sendable {
    let folder = TemporaryFolder()
    let serverKeys: CurveKeyPair
    private let running: Mutex<BrokerServer?>
    private let terms: Mutex<BrokerServer.Terms>
    let notes = Mutex<[String]>([])
    let url: String

    /// - Parameter isPlain: Whether there are no keys.
    init(broker: any Broker, store: any ResultStore, isPlain: Bool = false, now: @escaping @Sendable () -> Timestamp = { .now }) throws {
        serverKeys = try CurveKeyPair()
        let list = folder.file("clients")
        var lines = ""
        for role in BrokerRole.allCases { lines += "\(role) \(try CurveKeyFile.create(folder.file("\(role).key")).publicKey.text) \(role)\n" }
        _ = try CurveKeyFile.create(folder.file("stranger.key"))
        try write(lines, to: list)
        var terms = BrokerServer.Terms(
            address: "tcp://127.0.0.1:0", broker: broker, store: store, keys: isPlain ? nil : (serverKeys.secretKey, try ClientList(file: list)),
            redaction: Redaction(),
            ending: { message, attempt, name, now in
                var result = TaskResult(id: message.id, state: .revoked, failure: .revoked("revoked"))
                (result.dateDone, result.attempt, result.worker) = (now, attempt, name)
                return Outcome(handle: DeliveryHandle(tag: 0, attempt: attempt), results: [result], followUps: [Message("after \(message.task)")])
            }, note: { _ in })
        terms.now = now
        let server = try BrokerServer(terms)
        terms.address = server.address
        let port = server.address.split(separator: ":").last ?? ""
        url = "zmq://127.0.0.1:\(port)" + (isPlain ? "" : "?server_key=\(serverKeys.publicKey.text)")
        running = Mutex(server)
        self.terms = Mutex(terms)
    }

    deinit {
        if let server = running.withLock({ $0.take() }) { Task { await server.stop() } }
    }

    /// - Parameter role: The name of a key file.
    func options(_ role: String = "admin", url given: String? = nil) throws -> ZMQOptions {
        try ZMQOptions(ServiceURL(given ?? url), keyFile: folder.file("\(role).key"), connectTimeout: .seconds(4))
    }

    func broker(_ role: String = "admin") throws -> ZMQBroker { try ZMQBroker(options(role), name: "celery@test") }

    func store(_ role: String = "admin") throws -> ZMQResultStore { try ZMQResultStore(options(role)) }

    /// Ends the server and starts another in its place, which knows nothing but the file.
    func restart() async throws {
        await running.withLock { $0.take() }?.stop()
        let terms = self.terms.withLock { $0 }
        let server = try BrokerServer(terms)
        running.withLock { $0 = server }
    }

    /// Changes the allow list.
    func allow(_ lines: String) throws { try write(lines, to: folder.file("clients")) }
}

private func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
}
