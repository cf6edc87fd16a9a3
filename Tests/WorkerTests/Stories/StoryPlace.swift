import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import Proton
import Redis
import ResultStores
import ServedBroker
import SQLite
import STOMP
import Testing
import Worker

/// A broker on which the stories of a worker's life are proved. A new driver adds a case.
enum StoryPlace: String, CaseIterable, Sendable {
    case memory, sqlite, rabbitMQ, redis, activeMQ
    /// RabbitMQ by AMQP 1.0.
    case amqp10
    /// Proton's example broker.
    case proton
    /// RabbitMQ by its plugin for STOMP.
    case rabbitMQByStomp
    /// A `celery broker` with keys.
    case zeroMQ

    /// The numbers that the attempt of a task may have which came back unbegun. RabbitMQ and ActiveMQ say of such a message only
    /// that it was delivered before.
    var attemptsOfUntried: ClosedRange<Int> {
        switch self {
        case .rabbitMQ, .activeMQ, .amqp10, .rabbitMQByStomp: 1...2
        case .memory, .sqlite, .redis, .proton, .zeroMQ: 1...1
        }
    }

    /// Whether the broker keeps what operators tell workers: a server that speaks STOMP or AMQP 1.0 does not.
    var keepsCommands: Bool {
        switch self {
        case .memory, .sqlite, .rabbitMQ, .redis, .zeroMQ: true
        case .activeMQ, .amqp10, .proton, .rabbitMQByStomp: false
        }
    }

    /// Whether a subscription can end before its connection.
    var switchesQueues: Bool { self != .rabbitMQByStomp }

    /// Whether the broker carries questions to workers.
    var carriesControl: Bool { self != .proton }
}

/// One worker's stage: a broker of its own with a result store, and what may happen to that broker.
final class Stage: Sendable {
    let place: StoryPlace
    let bench: Bench
    /// Where the files of SQLite are.
    private let folder = TemporaryFolder()
    private let vhost: VirtualHost?
    /// On the way to an ActiveMQ server, or to Proton's example.
    private let link: Link?
    /// In this process, with its own file.
    private let served: ServedBroker?
    /// The name of the connections to a Redis server, and what its keys begin with.
    private let name = "story-\(TaskID())"

    init(_ place: StoryPlace) throws {
        self.place = place
        link =
            switch place {
            case .activeMQ: try Link(to: ActiveMQServer.shared.port)
            case .proton: try Link(to: ProtonExample.shared.port)
            default: nil
            }
        served = place == .zeroMQ ? try Self.serve(folder.file("celery.db")) : nil
        switch place {
        case .memory:
            vhost = nil
            bench = Bench(broker: MemoryBroker(), store: MemoryResultStore())
        case .sqlite:
            vhost = nil
            let file = try DatabaseFile(path: folder.file("celery.db"))
            bench = Bench(
                broker: SQLiteBroker(file: file, resultExpires: nil, processLives: { _ in nil }),
                store: SQLiteResultStore(file: file, expires: nil))
        case .rabbitMQ:
            let vhost = try VirtualHost()
            self.vhost = vhost
            var settings = Settings(projectFolder: "/nowhere")
            settings.publishTimeout = 120
            let file = try DatabaseFile(path: folder.file("results.db"))
            bench = Bench(
                broker: try AMQPBroker([ServiceURL(vhost.url)], settings: settings), store: SQLiteResultStore(file: file, expires: nil))
        case .amqp10:
            let vhost = try VirtualHost()
            self.vhost = vhost
            let file = try DatabaseFile(path: folder.file("results.db"))
            bench = Bench(
                broker: AMQP10Broker(try ProtonOptions(ServiceURL(vhost.server.amqp10URL(vhost: vhost.name))), settings: Settings(projectFolder: "/nowhere")),
                store: SQLiteResultStore(file: file, expires: nil))
        case .proton:
            vhost = nil
            let url = "amqp10://127.0.0.1:\(link?.port ?? 0)?destination_prefix=\(name)."
            let file = try DatabaseFile(path: folder.file("results.db"))
            bench = Bench(
                broker: AMQP10Broker(try ProtonOptions(ServiceURL(url)), settings: Settings(projectFolder: "/nowhere")),
                store: SQLiteResultStore(file: file, expires: nil))
        case .activeMQ:
            vhost = nil
            let url = "stomp://celery:celery-secret@127.0.0.1:\(link?.port ?? 0)?destination_prefix=\(name)."
            let file = try DatabaseFile(path: folder.file("results.db"))
            bench = Bench(
                broker: STOMPBroker(try STOMPOptions(ServiceURL(url)), settings: Settings(projectFolder: "/nowhere")),
                store: SQLiteResultStore(file: file, expires: nil))
        case .rabbitMQByStomp:
            let vhost = try VirtualHost()
            self.vhost = vhost
            let file = try DatabaseFile(path: folder.file("results.db"))
            bench = Bench(
                broker: STOMPBroker(
                    try STOMPOptions(ServiceURL(vhost.server.stompURL(vhost: vhost.name))), settings: Settings(projectFolder: "/nowhere")),
                store: SQLiteResultStore(file: file, expires: nil))
        case .zeroMQ:
            vhost = nil
            let served = try #require(served)
            bench = Bench(broker: try served.broker(), store: try served.store())
        case .redis:
            vhost = nil
            let url = try RedisServer.shared.url + "?client_name=\(name)"
            let options = try RedisBrokerOptions(ServiceURL(url + "&global_keyprefix=\(name)-"))
            bench = Bench(
                broker: RedisBroker(options, settings: Settings(projectFolder: "/nowhere")),
                store: try RedisResultStore(RedisOptions(ServiceURL(url)), RedisResultTerms(expires: 3_600, keyPrefix: name)))
        }
    }

    private static func serve(_ path: String) throws -> ServedBroker {
        let file = try DatabaseFile(path: path)
        return try ServedBroker(
            broker: SQLiteBroker(file: file, resultExpires: nil, processLives: { _ in nil }),
            store: SQLiteResultStore(file: file, expires: nil), ending: { RevokedTask.outcome(of: $0, attempt: $1, by: $2, now: $3) })
    }

    /// What happens while a broker is away, or right after it came back where it is never away for long.
    typealias WhileAway = @Sendable () async throws -> Void

    /// Has the broker of a bench lose touch with whom it has given what, once, as when a connection breaks while all live on.
    func loss(of bench: inout Bench) throws -> (WhileAway) async throws -> Void {
        if let vhost {
            return { whileAway in
                try await aside { try vhost.closeConnections() }
                try await whileAway()
            }
        }
        if let link {
            return { whileAway in
                link.cut()
                try await whileAway()
            }
        }
        if let served {
            return { whileAway in
                try await served.restart()
                try await whileAway()
            }
        }
        if place == .memory {
            let lossy = LossyBroker(base: bench.broker)
            bench.broker = lossy
            return { whileAway in
                try await lossy.loseConnection()
                try await whileAway()
            }
        }
        if place == .redis {
            return { [name] whileAway in
                let link = RedisLink(try RedisOptions(ServiceURL(RedisServer.shared.url)))
                let clients = try await link.ask(RedisCommand("CLIENT", "LIST")).textValue ?? ""
                for client in clients.split(separator: "\n") where client.contains("name=\(name) ") {
                    guard let id = client.split(separator: " ").first?.dropFirst("id=".count) else { continue }
                    _ = try await link.send([RedisCommand("CLIENT", "KILL", "ID", .text(String(id)))])
                }
                await link.close()
                try await whileAway()
            }
        }
        // Nothing of a file can break; but another program may keep it locked for a while.
        let path = folder.file("celery.db")
        return { whileAway in
            let other = try Conversation(Python.spawn(Self.lock, path))
            #expect(try other.readLine() == "locked")
            try await whileAway()
            try other.write("\n")
            _ = try other.end()
        }
    }

    private static let lock = """
        import sqlite3, sys
        db = sqlite3.connect(sys.argv[1], isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        print("locked", flush=True)
        sys.stdin.readline()
        db.execute("COMMIT")
        """

    /// Whether a worker that takes all there is finds nothing.
    func isEmpty() async throws -> Bool {
        let worker = try await bench.start { $0.isBurst = true }
        try await worker.end()
        // It knows no task; what it finds it refuses.
        return !worker.log.lines.contains { $0.contains("Got task from broker") || $0.contains(" not run") }
    }
}
