import Brokers
package import CeleryCore
import CeleryDB
import Glibc
import Processes
import ResultStores
import SQL
import SQLite

/// Checks, creates and compacts the databases of drivers.
package enum TableSync {
    /// A database that a driver needs.
    package struct Database: Sendable {
        /// The path of the file; of a server's database, its URL without the password.
        package let path: String
        /// How results are written to Python's tables; `nil` for a database with our own schema.
        package let resultFormat: PythonResultFormat?
        fileprivate let layout: Layout
        /// The access rights of the file when it is created.
        fileprivate let access: DatabaseAccess

        /// The schema of the tables.
        fileprivate enum Layout: Sendable {
            /// Our own schema, for broker and results.
            case celery
            /// The schema of Python's Celery, for results.
            case python
            /// The same at a server.
            case server(any SQLServer)
            /// Our own schema of results, at a server.
            case results(PostgreSQLServer)

            func isSame(as other: Layout) -> Bool {
                switch (self, other) {
                case (.celery, .celery), (.python, .python), (.server, .server), (.results, .results): true
                default: false
                }
            }
        }

        fileprivate init(path: String, layout: Layout, access: DatabaseAccess, results: PythonResultFormat) {
            self.path = path
            if case .celery = layout { resultFormat = nil } else { resultFormat = results }
            self.layout = layout
            self.access = access
        }

        /// The database of a server, in our own layout.
        fileprivate init(_ server: PostgreSQLServer, access: DatabaseAccess) {
            (path, resultFormat, layout, self.access) = (server.location, nil, .results(server), access)
        }

        /// The database of a server, in Python's tables.
        fileprivate init(_ server: any SQLServer, access: DatabaseAccess, results: PythonResultFormat) {
            path = server.location
            resultFormat = results
            layout = .server(server)
            self.access = access
        }

        /// Whether the file exists. A server's database must exist; its tables may be missing.
        ///
        /// - Throws: `DriverError` for a file that cannot be opened or belongs to another program.
        package func exists() throws -> Bool {
            switch layout {
            case .celery: try DatabaseFile.exists(path)
            case .python: try SharedDatabaseFile.exists(path)
            case .server, .results: true
            }
        }

        /// The SQL statements that would create the missing tables. Changes nothing.
        ///
        /// - Throws: `DriverError` for a file that cannot be opened or belongs to another program.
        package func missing() async throws -> [String] {
            switch layout {
            case .celery: try missingStatements()
            case .python: try await PythonTables.missing(at: path).map { $0 + ";" }
            case .server(let server): try await Self.use(server) { try await PythonTables.missing(in: $0).map { $0 + ";" } }
            case .results(let server): try await Self.use(server) { try await PostgreSQLSchema.current.missing(in: $0).statements.map { $0 + ";" } }
            }
        }

        private static func use<Value>(_ server: any SQLServer, _ body: (SQLServerLink) async throws -> Value) async throws -> Value {
            let link = SQLServerLink(server)
            do {
                let value = try await body(link)
                await link.close()
                return value
            } catch {
                await link.close()
                throw error
            }
        }

        private func missingStatements() throws -> [String] {
            guard let layout = try DatabaseFile.layout(of: path) else { return [Schema.sql] }
            return layout < Schema.version ? [Schema.upgrade(from: layout)] : []
        }

        /// Whether the tables are our own and of an earlier version, which `create` upgrades.
        ///
        /// - Throws: `DriverError` for a file that cannot be opened or belongs to another program.
        package func isOutdated() async throws -> Bool {
            switch layout {
            case .celery: return try DatabaseFile.layout(of: path).map { $0 < Schema.version } ?? false
            case .results(let server):
                guard case .outdated = try await Self.use(server, { try await PostgreSQLSchema.current.missing(in: $0).state }) else { return false }
                return true
            case .python, .server: return false
            }
        }

        /// Checks the file for damage, if it exists. Reads the whole file.
        ///
        /// - Throws: `DriverError.unusable` with SQLite's complaints.
        package func check() async throws {
            guard try exists() else { return }
            switch layout {
            case .celery:
                // Opening a file with an older layout would upgrade it.
                guard try DatabaseFile.layout(of: path) == Schema.version else { return }
                let file = try DatabaseFile(path: path)
                defer { file.close() }
                try await file.check()
            case .python:
                let file = try SharedDatabaseFile(path: path)
                defer { file.close() }
                try await file.check()
            // Its damage is its server's business.
            case .server, .results: break
            }
        }

        /// Shrinks the file to its minimum size.
        ///
        /// A file of an earlier version must be rewritten once, while no worker uses it; afterwards it shrinks by itself.
        /// - Returns: Bytes before and after; `nil` for a database with the schema of Python's Celery.
        /// - Throws: `DriverError.tryAgain` when a worker uses a file that must be rewritten.
        package func compact() async throws -> (before: Int, after: Int)? {
            guard case .celery = layout, try exists() else { return nil }
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
                        hint: "stop all workers first: the file must be rewritten")
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

        /// Creates missing files and tables.
        package func create() async throws {
            switch layout {
            case .celery:
                try DatabaseFile(path: path, access: access).close()
            case .python: try await PythonTables.complete(at: path)
            case .server(let server): try await Self.use(server) { try await PythonTables.complete($0) }
            case .results(let server): try await Self.use(server) { try await PostgreSQLSchema.current.complete($0) }
            }
        }
    }

    /// The databases of broker and result store, without duplicates.
    package static func databases(of settings: Settings) throws -> [Database] {
        var databases: [Database] = []
        for text in [settings.brokerURL, settings.resultURL] {
            let url = try Drivers.urls(text)[0]
            if text == settings.resultURL, let server = try Drivers.server(url, settings) {
                databases.append(Database(server, access: DatabaseAccess(settings), results: settings.pythonResultFormat))
                continue
            }
            if text == settings.resultURL, let server = try Drivers.ownServer(url, settings) {
                databases.append(Database(server, access: DatabaseAccess(settings)))
                continue
            }
            let layout: Database.Layout
            switch url.service {
            case .sqlite: layout = .celery
            case .pythonSQLite: layout = .python
            default: continue
            }
            guard !databases.contains(where: { $0.path == url.path && $0.layout.isSame(as: layout) }) else { continue }
            databases.append(
                Database(path: url.path, layout: layout, access: DatabaseAccess(settings), results: settings.pythonResultFormat))
        }
        return databases
    }
}
