// Results in the tables of Python's Celery (`db+sqlite:///path`), so that both programs read each other's results. The tables
// have no column for the attempt number, its start, stderr, the group and the parent, so these are not stored.

package import CeleryCore
import CeleryDB
import SQLite
import Synchronization
import Wire

/// Stores results where Python's Celery looks for them.
package final class PythonDatabaseStore: ResultRefining {
    package let location: String
    private let file: SharedDatabaseFile
    /// Seconds a result is kept.
    private let expires: Double?
    let format: PythonResultFormat
    private let now: @Sendable () -> Timestamp
    private let known = Mutex<(schema: Int64, columns: Set<String>)?>(nil)

    /// Opens the file, or creates an empty one. Blocks.
    ///
    /// - Throws: `DriverError`; a file that cannot be shared is left unchanged.
    package init(
        path: String, expires: Double?, format: PythonResultFormat = .json, now: @escaping @Sendable () -> Timestamp = { .now }
    ) throws {
        location = ServiceURL(scheme: "db+sqlite", path: path).text
        file = try SharedDatabaseFile(path: path)
        self.expires = expires
        self.format = format
        self.now = now
    }

    package func store(_ results: [TaskResult]) async throws {
        guard !results.isEmpty else { return }
        let now = self.now()
        let rows = results.map { PythonRow($0, format, now: now) }
        try await file.write { [self] db in
            let layout = try layout(in: db) ?? PythonTables.create(in: db, of: file.path)
            for row in rows { try row.store(layout: layout, in: db) }
        }
    }

    package func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        let oldest = oldest(at: now())
        return try await file.read { [self] db in
            guard let layout = try layout(in: db) else { return [:] }
            var found: [TaskID: TaskResult] = [:]
            for id in ids {
                guard let result = try PythonRow.fetch(id, layout: layout, in: db, of: file.path) else { continue }
                if let oldest, let date = result.dateDone, date <= oldest { continue }
                found[id] = result
            }
            return found
        }
    }

    package func forget(_ ids: [TaskID]) async throws -> Int {
        guard !ids.isEmpty else { return 0 }
        return try await file.write { [self] db in
            guard try layout(in: db) != nil else { return 0 }
            let statement = try db.cachedStatement(sql: "DELETE FROM \(PythonTables.tasks) WHERE task_id = ?")
            var count = 0
            for id in ids {
                try statement.execute(arguments: [id.text])
                count += db.changesCount
            }
            return count
        }
    }

    package func close() async { file.close() }

    /// Changes Celery's tables, which are created if necessary.
    func writeTable<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await file.write { [self] db in
            if try layout(in: db) == nil { _ = try PythonTables.create(in: db, of: file.path) }
            return try body(db)
        }
    }

    func readTable<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T { try await file.read(body) }

    /// The columns of the task table, looked up again after a schema change; `nil` without the table.
    private func layout(in db: Database) throws -> Set<String>? {
        let schema = try Int64.fetchOne(db.cachedStatement(sql: "PRAGMA schema_version")) ?? 0
        if let known = known.withLock({ $0 }), known.schema == schema { return known.columns }
        guard let columns = try PythonTables.layout(in: db, of: file.path) else { return nil }
        known.withLock { $0 = (schema, columns) }
        return columns
    }

    /// Results done at or before the returned time have expired.
    private func oldest(at time: Timestamp) -> Timestamp? { expires.map { Timestamp(seconds: time.seconds - $0) } }
}

extension PythonDatabaseStore: ResultWatching {
    package func mark() async -> ResultMark {
        // If the file cannot be read now, report a change at the next look.
        ResultMark(number: (try? await file.changeCount()) ?? .max)
    }

    package func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        try await file.waitForChange(since: mark.number, until: deadline)
    }
}

extension PythonDatabaseStore: ResultExpiring {
    /// Also drops saved groups, as Python does.
    package func dropExpired(now: Timestamp, limit: Int) async throws -> Int {
        guard let oldest = oldest(at: now).map(ISO8601.databaseText) else { return 0 }
        return try await file.write { [self] db in
            guard try layout(in: db) != nil else { return 0 }
            var count = 0
            for table in [PythonTables.tasks, PythonTables.groups] where try db.tableExists(table) {
                try db.execute(
                    sql: """
                        DELETE FROM \(table) WHERE id IN (
                            SELECT id FROM \(table) WHERE date_done <= ? ORDER BY date_done LIMIT ?)
                        """,
                    arguments: [oldest, limit - count])
                count += db.changesCount
            }
            return count
        }
    }
}

extension PythonDatabaseStore {
    /// A saved group in Celery's nested form: `[[id, parent], [members]]`.
    ///
    /// - Throws: `DriverError`.
    package func group(_ id: String) async throws -> JSON? {
        try await file.read { [path = file.path] db in
            guard try db.tableExists(PythonTables.groups) else { return nil }
            let sql = "SELECT result FROM \(PythonTables.groups) WHERE taskset_id = ?"
            guard let bytes = try [UInt8].fetchOne(db, sql: sql, arguments: [id]) else { return nil }
            do {
                return try PythonValue.json(bytes, isException: false)
            } catch {
                throw DriverError(.unusable, "group \(id) in \(path) cannot be read: \(error)")
            }
        }
    }
}

extension PythonDatabaseStore: TaskIDListing {
    package func taskIDs(startingWith prefix: String, limit: Int) async throws -> [TaskID] {
        try await file.read { [self] db in
            guard try layout(in: db) != nil else { return [] }
            return try IDColumn.ids(in: PythonTables.tasks, "task_id", startingWith: prefix, limit: limit, of: db)
        }
    }
}
