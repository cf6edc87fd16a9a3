import Brokers
package import CeleryCore
import Configuration
import Processes
import ResultStores
import SQLite

/// The one table from URL scheme to driver.
package struct Drivers: Sendable {
    /// What is open together: a broker, and the store its results go to.
    package struct Connections: Sendable {
        package var broker: any Broker
        package var store: any ResultStore
    }

    private typealias OpenBroker = @Sendable (ServiceURL, Settings, SQLiteFiles) throws -> any Broker
    private typealias OpenStore = @Sendable (ServiceURL, Settings, SQLiteFiles) throws -> any ResultStore

    private static let brokers: [String: OpenBroker] = [
        "sqlite": { url, settings, files in
            SQLiteBroker(
                file: try files.open(url, settings), resultExpires: settings.resultExpires,
                processLives: { ProcessIdentity(parsing: $0)?.isAlive })
        },
        "memory": { _, _, _ in MemoryBroker() },
    ]

    private static let stores: [String: OpenStore] = [
        "sqlite": { url, settings, files in
            SQLiteResultStore(file: try files.open(url, settings), expires: settings.resultExpires)
        },
        "memory": { _, settings, _ in MemoryResultStore(expires: settings.resultExpires) },
    ]

    /// Schemes of the wider world, and where they will be found.
    private static let known = ["amqp", "amqps", "rpc", "redis", "postgresql", "mysql", "db+sqlite"]

    /// Opens what the settings name. Blocks while files are opened.
    ///
    /// - Throws: `DriverError`.
    package static func open(_ settings: Settings) throws -> Connections {
        let files = SQLiteFiles()
        let brokerURL = try url(settings.brokerURL)
        let storeURL = try url(settings.resultURL)
        let broker = try driver(for: brokerURL, in: brokers, role: "broker")(brokerURL, settings, files)
        let store = try driver(for: storeURL, in: stores, role: "result store")(storeURL, settings, files)
        return Connections(broker: broker, store: store)
    }

    private static func driver<Open>(for url: ServiceURL, in table: [String: Open], role: String) throws -> Open {
        if let open = table[url.scheme] { return open }
        let schemes = table.keys.sorted().map { "\($0)://" }.joined(separator: ", ")
        guard known.contains(url.scheme) else {
            let nearest = NearestName.suggest(url.scheme, among: Array(table.keys)).map { "; did you mean '\($0)'?" } ?? ""
            throw DriverError(.configuration, "unknown scheme '\(url.scheme)' in \(role) \(url.redacted)\(nearest)")
        }
        throw DriverError(
            .configuration, "this version has no \(role) driver for \(url.redacted)",
            hint: "it has \(schemes); leave the \(role) out of the settings to use celery.db")
    }

    static func url(_ text: String) throws -> ServiceURL {
        do {
            guard let url = try ServiceURL.parse(text).first else { throw DriverError(.configuration, "no broker is named") }
            return url
        } catch let error as ServiceURLError {
            throw DriverError(.configuration, "\(error)")
        }
    }
}

/// Database files of one process: broker and store on the same path share one, which
/// is what lets them settle in one transaction.
private final class SQLiteFiles {
    private var open: [String: DatabaseFile] = [:]

    func open(_ url: ServiceURL, _ settings: Settings) throws -> DatabaseFile {
        if let file = open[url.path] { return file }
        let file = try DatabaseFile(path: url.path, durability: settings.durability == "normal" ? .normal : .full)
        open[url.path] = file
        return file
    }
}
