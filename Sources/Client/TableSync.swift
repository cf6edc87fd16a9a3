import CeleryCore
import SQLite

/// Creating the tables that drivers keep in databases.
package enum TableSync {
    /// A database that a driver needs.
    package struct Database: Sendable {
        package let path: String
        /// The statements that create its tables.
        package let sql: String

        /// Whether tables are missing. Creates nothing.
        ///
        /// - Throws: `DriverError` for a file that is not ours.
        package func isMissing() throws -> Bool { try !DatabaseFile.exists(path) }

        /// Creates what is missing.
        package func create() throws { try DatabaseFile(path: path).close() }
    }

    /// The databases that broker and result store are kept in, each once.
    package static func databases(of settings: Settings) throws -> [Database] {
        var databases: [Database] = []
        for text in [settings.brokerURL, settings.resultURL] {
            let url = try Drivers.url(text)
            guard url.scheme == "sqlite", !databases.contains(where: { $0.path == url.path }) else { continue }
            databases.append(Database(path: url.path, sql: Schema.sql))
        }
        return databases
    }
}
