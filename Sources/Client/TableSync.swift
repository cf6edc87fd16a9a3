import Brokers
package import CeleryCore
import CeleryDB
import Glibc
import Processes
import ResultStores
import SQLite

/// Creating the tables that drivers keep in databases.
package enum TableSync {
    /// A database that a driver needs.
    package struct Database: Sendable {
        package let path: String
        fileprivate let layout: Layout
        /// Who may use it, if it is made.
        fileprivate let access: DatabaseAccess

        /// Whose tables they are.
        fileprivate enum Layout: Sendable {
            /// Broker and results in a file of our own.
            case celery
            /// Results as Python's Celery keeps them.
            case python
        }

        fileprivate init(path: String, layout: Layout, access: DatabaseAccess) {
            self.path = path
            self.layout = layout
            self.access = access
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

        /// Looks for damage in the file, if there is one. Takes as long as reading it.
        ///
        /// - Throws: `DriverError.unusable` with what SQLite complains of.
        package func check() async throws {
            guard try exists() else { return }
            switch layout {
            case .celery:
                // Opening a file of an older layout would upgrade it.
                guard try DatabaseFile.layout(of: path) == Schema.version else { return }
                let file = try DatabaseFile(path: path)
                defer { file.close() }
                try await file.check()
            case .python:
                let file = try SharedDatabaseFile(path: path)
                defer { file.close() }
                try await file.check()
            }
        }

        /// Makes the file as small as it can be. One that was made by an earlier version is written anew, which nobody may
        /// wait for; from then on it shrinks by itself.
        ///
        /// - Returns: Bytes before and after; `nil` for a database that is not ours.
        /// - Throws: `DriverError.tryAgain` when a worker uses a file that is to be written anew.
        package func compact() async throws -> (before: Int, after: Int)? {
            guard layout == .celery, try exists() else { return nil }
            let file = try DatabaseFile(path: path)
            defer { file.close() }
            let before = size
            if try await file.space().canShrink {
                try await file.giveBackSpace()
            } else {
                let workers = try await SQLiteBroker(file: file, resultExpires: nil, processLives: ProcessIdentity.isAlive).workers()
                if let worker = workers.first {
                    throw DriverError(
                        .tryAgain, "database \(path) is used by worker \(worker.name) (process \(worker.pid))",
                        hint: "stop all workers first: the file is written anew")
                }
                try await file.rewrite()
            }
            return (before, size)
        }

        /// In bytes.
        private var size: Int {
            var status = stat()
            return stat(path, &status) == 0 ? Int(status.st_size) : 0
        }

        /// Creates what is missing.
        package func create() async throws {
            switch layout {
            case .celery:
                try DatabaseFile(path: path, access: access).close()
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
            databases.append(Database(path: url.path, layout: layout, access: DatabaseAccess(settings)))
        }
        return databases
    }
}
