import Brokers
import CeleryAMQP
package import CeleryCore
import CeleryDB
import Memcached
import Processes
import Proton
import RabbitMQ
import ResultStores
import SQL
import SQLite
import STOMP

/// The drivers of brokers and result stores, by the service that a URL names.
package struct Drivers: Sendable {
    /// A broker and its result store.
    package struct Connections: Sendable {
        package let broker: any Broker
        /// Blocks while files are opened.
        package let openStore: @Sendable () throws -> any ResultStore
        /// The queue to send results to, for a store that receives them as messages.
        let replyTo: String?

        init(broker: any Broker, replyTo: String?, openStore: @escaping @Sendable () throws -> any ResultStore) {
            self.broker = broker
            self.openStore = openStore
            self.replyTo = replyTo
        }

        init(broker: any Broker, store: any ResultStore) {
            self.init(broker: broker, replyTo: (store as? any ResultAnswering)?.replyAddress) { store }
        }
    }

    /// The URLs are alternative servers; drivers of files use only the first.
    typealias OpenBroker = @Sendable ([ServiceURL], Settings, SQLiteFiles) throws -> any Broker
    typealias OpenStore = @Sendable ([ServiceURL], Settings, SQLiteFiles, any Broker) throws -> any ResultStore

    private static let brokers: [URLScheme.Service: OpenBroker] = [
        .sqlite: { urls, settings, files in
            SQLiteBroker(
                file: try files.open(urls[0], settings), resultExpires: settings.resultExpires,
                argumentLimit: settings.argumentLimit, outputExpires: settings.outputExpires,
                retention: EventRetention(seconds: settings.eventLog), leaseLength: .seconds(settings.lease),
                ranking: MessageRanking(ageing: settings.priorityAgeing), queueWeights: settings.queueWeights,
                processLives: ProcessIdentity.isAlive)
        },
        .amqp: openAMQPBroker,
        .amqp10: openAMQP10Broker,
        .memory: { _, _, _ in MemoryBroker() },
        .redis: openRedisBroker,
        .stomp: openSTOMPBroker,
        .zmq: openZMQBroker,
    ]

    private static let openAMQP10Broker: OpenBroker = { urls, settings, _ in
        do throws(ProtonError) {
            return AMQP10Broker(try ProtonOptions(urls[0], connectTimeout: .seconds(settings.connectionTimeout)), settings: settings)
        } catch {
            throw DriverError(error, at: "")
        }
    }

    private static let openSTOMPBroker: OpenBroker = { urls, settings, _ in
        do throws(STOMPError) {
            return STOMPBroker(try STOMPOptions(urls[0], connectTimeout: .seconds(settings.connectionTimeout)), settings: settings)
        } catch {
            throw DriverError(error, at: "")
        }
    }

    private static let openAMQPBroker: OpenBroker = { urls, settings, _ in
        try AMQPBroker(
            urls, settings: settings, mailbox: mailbox(settings), local: { try ReplyProject(settings).openLocalBroker(creates: $0) })
    }

    private static let openRedisBroker: OpenBroker = { urls, settings, _ in
        RedisBroker(try RedisBrokerOptions(urls[0], connectTimeout: .seconds(settings.connectionTimeout)), settings: settings)
    }

    private static let stores: [URLScheme.Service: OpenStore] = [
        .sqlite: { urls, settings, files, _ in
            SQLiteResultStore(
                file: try files.open(urls[0], settings), expires: settings.resultExpires, argumentLimit: settings.argumentLimit,
                outputExpires: settings.outputExpires)
        },
        .pythonSQLite: { urls, settings, _, _ in
            try PythonDatabaseStore(path: urls[0].path, expires: settings.resultExpires, format: settings.pythonResultFormat)
        },
        .memory: { _, settings, _, _ in MemoryResultStore(expires: settings.resultExpires) },
        .rpc: { urls, settings, _, broker in
            guard [ServiceURL(scheme: "rpc"), ServiceURL(scheme: "rpc", path: "/")].contains(urls[0]) else {
                throw DriverError(
                    .configuration, "result store \(urls[0].redacted) names a server, but rpc:// results always come through the broker",
                    hint: "write just rpc://")
            }
            guard let broker = broker as? AMQPBroker else {
                let advice =
                    broker is RedisBroker
                    ? "name the same server as result store, which tells every client that waits; Python's clients with rpc:// get their answers anyway"
                    : "leave the result store out of the settings to keep results in celery.db"
                throw DriverError(
                    .configuration, "rpc:// results need an amqp:// broker, but the broker is \(broker.location)",
                    hint: advice)
            }
            return RPCResultStore(link: broker.link, mailbox: ReplyProject(settings).mailbox) {
                try ReplyProject(settings).openFile()
            }
        },
        .amqp: { urls, settings, _, _ in
            AMQPResultStore(link: try AMQPLink(urls, settings: settings), expires: settings.resultExpires)
        },
        .redis: openRedis,
        .postgreSQL: openPostgreSQL,
        .pythonMariaDB: openServer, .pythonOracle: openServer, .pythonPostgreSQL: openServer,
        .file: { urls, settings, _, _ in
            guard urls[0].query.isEmpty else {
                throw DriverError(.configuration, "\(urls[0].redacted): a folder of results has no options")
            }
            return try FolderResultStore(
                path: urls[0].path,
                FolderResultStore.Terms(
                    expires: settings.resultExpires, keyPrefix: settings.resultKeyPrefix, fileGroup: settings.fileGroup,
                    groupWrites: settings.databaseGroupWrites, isDurable: settings.durability == "full"))
        },
        .memcached: openMemcached,
        .mongoDB: openMongo,
        .tyrant: openTyrant,
        .zmq: openZMQ,
    ]

    /// Databases of servers, in Python's tables.
    private static let servers: [URLScheme.Service: @Sendable (ServiceURL, Duration) throws(SQLError) -> any SQLServer] = [
        .pythonPostgreSQL: { url, timeout throws(SQLError) in try PostgreSQLServer(url, connectTimeout: timeout) },
        .pythonMariaDB: { url, timeout throws(SQLError) in try MariaDBServer(url, connectTimeout: timeout) },
        .pythonOracle: { url, timeout throws(SQLError) in try ODBCServer(url, connectTimeout: timeout) },
    ]

    private static let openServer: OpenStore = { urls, settings, _, _ in
        guard let server = try server(urls[0], settings) else { throw DriverError(.configuration, "no server in \(urls[0].redacted)") }
        return PythonDatabaseStore(server, expires: settings.resultExpires, format: settings.pythonResultFormat)
    }

    /// The database server that a URL names; `nil` for a URL of another kind.
    ///
    /// - Throws: `DriverError.configuration`.
    static func server(_ url: ServiceURL, _ settings: Settings) throws -> (any SQLServer)? {
        guard let service = url.service, let open = servers[service] else { return nil }
        do throws(SQLError) {
            return try open(url, .seconds(settings.connectionTimeout))
        } catch {
            throw DriverError(error, at: "")
        }
    }

    /// Opens the configured broker and result store, except a store in a separate file. Blocks while files are opened.
    ///
    /// - Parameter willSend: Whether the caller is about to send messages: a connection is then made in the background.
    /// - Throws: `DriverError`.
    package static func open(_ settings: Settings, willSend: Bool = false) throws -> Connections {
        let files = SQLiteFiles()
        let brokerURLs = try urls(settings.brokerURL)
        let storeURLs = Self.storeURLs(try urls(settings.resultURL), broker: brokerURLs)
        let broker = try driver(for: brokerURLs, in: brokers, role: "broker")(brokerURLs, settings, files)
        if willSend { try (broker as? AMQPBroker)?.link.prepareToSend() }
        let openStore = try driver(for: storeURLs, in: stores, role: "result store")
        if [.sqlite, .pythonSQLite].contains(storeURLs[0].service), !(broker is any SQLiteFileHolding) {
            return Connections(broker: broker, replyTo: nil) { try openStore(storeURLs, settings, SQLiteFiles(), broker) }
        }
        return Connections(broker: broker, store: try openStore(storeURLs, settings, files, broker))
    }

    /// Warnings about risky settings that are nevertheless valid.
    package static func warnings(_ settings: Settings) -> [String] {
        let urls = [settings.brokerURL, settings.resultURL].flatMap { (try? ServiceURL.alternatives($0)) ?? [] }
        return urls.compactMap { url in
            guard let option = url.uncheckedOption else { return nil }
            var shown = url
            shown.query = []
            return "the certificate of \(shown.redacted) is not verified, so any server can impersonate it (\(option))"
        }.distinct
    }

    private static func driver<Open>(for urls: [ServiceURL], in table: [URLScheme.Service: Open], role: String) throws -> Open {
        let url = urls[0]
        guard urls.count == 1 || urls.allSatisfy(isAMQP) else {
            throw DriverError(.configuration, "only amqp:// and amqps:// allow alternative URLs; \(role) \(url.redacted) has \(urls.count - 1)")
        }
        let service = url.service
        if let service, let open = table[service] { return open }
        let schemes = URLScheme.all.filter { table[$0.service] != nil }.map(\.name)
        guard let service else {
            let nearest = NearestName.suggest(url.scheme, among: schemes).map { "; did you mean '\($0)'?" } ?? ""
            throw DriverError(.configuration, "unknown scheme '\(url.scheme)' in \(role) \(url.redacted)\(nearest)")
        }
        guard service != .redisCluster else {
            throw DriverError(
                .configuration, "Redis Sentinel and Redis Cluster are not supported as \(role): \(url.redacted)",
                hint: "name a single server, such as redis://host:6379/0")
        }
        throw DriverError(
            .configuration, "this version has no \(role) driver for \(url.redacted)",
            hint: "it has \(schemes.sorted().map { "\($0)://" }.joined(separator: ", ")); leave the \(role) out of the settings to use celery.db")
    }

    private static func isAMQP(_ url: ServiceURL) -> Bool { url.service == .amqp }

    /// Resolves a bare `amqp://` to the broker's URLs, as the original does for CELERY_RESULT_BACKEND.
    static func storeURLs(_ urls: [ServiceURL], broker: [ServiceURL]) -> [ServiceURL] {
        let isBare = isAMQP(urls[0]) && urls == [ServiceURL(scheme: urls[0].scheme, path: urls[0].path)] && urls[0].path.count <= 1
        return isBare && broker.allSatisfy(isAMQP) ? broker : urls
    }

    /// The queue that receives `rpc://` results; `nil` for other stores.
    private static func mailbox(_ settings: Settings) -> QueueDeclaration? {
        settings.resultURL.hasPrefix("rpc:") ? ReplyProject(settings).mailbox.queue : nil
    }

    /// Parses the alternative URLs of a setting; at least one.
    ///
    /// - Throws: `DriverError.configuration` for text that is no URL.
    static func urls(_ text: String) throws -> [ServiceURL] {
        do throws(ServiceURLError) {
            return try ServiceURL.alternatives(text)
        } catch {
            throw DriverError(.configuration, "\(error)")
        }
    }
}

/// Open database files by path. Broker and store with the same path share one connection,
/// so that they can settle in one transaction.
final class SQLiteFiles {
    private var open: [String: DatabaseFile] = [:]

    func open(_ url: ServiceURL, _ settings: Settings) throws -> DatabaseFile {
        if let file = open[url.path] { return file }
        let file = try DatabaseFile(
            path: url.path, durability: settings.durability == "normal" ? .normal : .full, access: DatabaseAccess(settings))
        open[url.path] = file
        return file
    }
}

extension ProcessIdentity {
    /// Whether the process with a stored identity is alive; `nil` when this machine cannot tell.
    static func isAlive(_ text: String) -> Bool? {
        switch ProcessIdentity(text)?.liveness {
        case .alive: true
        case .dead: false
        case .unknown, nil: nil
        }
    }
}
