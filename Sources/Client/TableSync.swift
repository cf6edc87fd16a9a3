package import CeleryCore
import ResultStores
import SQLite

/// Creating the tables that drivers keep in databases.
package enum TableSync {
    /// A database that a driver needs.
    package struct Database: Sendable {
        package let path: String
        fileprivate let layout: Layout

        /// Whose tables they are.
        fileprivate enum Layout: Sendable {
            /// Broker and results in a file of our own.
            case celery
            /// Results as Python's Celery keeps them.
            case python
        }

        fileprivate init(path: String, layout: Layout) {
            self.path = path
            self.layout = layout
        }

        /// Whether its file is there.
        ///
        /// - Throws: `DriverError` for a file that is not ours to open.
        package func exists() throws -> Bool {
            switch layout {
            case .celery: try DatabaseFile.exists(path)
            case .python: try SharedDatabaseFile.exists(path)
            }
        }

        /// The statements that would make it whole; none when it is. Creates nothing.
        ///
        /// - Throws: `DriverError` for a file that is not ours to change.
        package func missing() async throws -> [String] {
            switch layout {
            case .celery: try missingOfOurs()
            case .python: try await PythonTables.missing(at: path).map { $0 + ";" }
            }
        }

        private func missingOfOurs() throws -> [String] {
            guard let layout = try DatabaseFile.layout(of: path) else { return [Schema.sql] }
            return layout < Schema.version ? [Schema.upgrade] : []
        }

        /// Creates what is missing.
        package func create() async throws {
            switch layout {
            case .celery:
                try DatabaseFile(path: path).close()
            case .python: try await PythonTables.complete(at: path)
            }
        }
    }

    /// The databases that broker and result store are kept in, each once.
    package static func databases(of settings: Settings) throws -> [Database] {
        var databases: [Database] = []
        for text in [settings.brokerURL, settings.resultURL] {
            let url = try Drivers.urls(text)[0]
            let layout: Database.Layout
            switch url.scheme {
            case "sqlite": layout = .celery
            case "db+sqlite": layout = .python
            default: continue
            }
            guard !databases.contains(where: { $0.path == url.path && $0.layout == layout }) else { continue }
            databases.append(Database(path: url.path, layout: layout))
        }
        return databases
    }
}
