// Results in the tables of Python's Celery (`db+sqlite:///path`, `db+postgresql://host/name`), so that both programs read each
// other's results. The tables have no column for the start of the attempt, stderr, the group and the parent, so these are not stored; the
// number of the attempt has one only at servers, in tables that were made or completed here.

package import CeleryCore
import CeleryDB
package import SQL
import Synchronization
import Wire

/// Stores results where Python's Celery looks for them.
package final class PythonDatabaseStore: ResultRefining {
    package let location: String
    private let database: any SQLDatabase
    private let watch: any PythonTableWatch
    /// Seconds a result is kept.
    private let expires: Double?
    let format: PythonResultFormat
    private let now: @Sendable () -> Timestamp
    /// Whether one statement may store several rows.
    private let joinsRows: Bool
    private let known = Mutex<(mark: Int64, layout: PythonTables.Layout)?>(nil)

    /// Opens the file, or creates an empty one. Blocks.
    ///
    /// - Throws: `DriverError`; a file that cannot be shared is left unchanged.
    package init(
        path: String, expires: Double?, format: PythonResultFormat = .json, now: @escaping @Sendable () -> Timestamp = { .now }
    ) throws {
        location = ServiceURL(scheme: "db+sqlite", path: path).text
        let file = try SharedDatabaseFile(path: path)
        database = SharedSQLite(file)
        watch = SQLiteTableWatch(file)
        joinsRows = true
        self.expires = expires
        self.format = format
        self.now = now
    }

    /// The database of a server. Does not connect yet.
    package init(
        _ server: any SQLServer, expires: Double?, format: PythonResultFormat = .json,
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        location = server.location
        database = SQLServerLink(server)
        watch = ServerTableWatch(server)
        joinsRows = server.joinsRows
        self.expires = expires
        self.format = format
        self.now = now
    }

    package func store(_ results: [TaskResult]) async throws {
        guard !results.isEmpty else { return }
        let now = self.now()
        let rows = PythonRow.folded(results.map { PythonRow($0, format, now: now) })
        let notices = try await writeTable(isOneStatement: joinsRows && PythonRow.fitOneStatement(rows)) { [location = database.location] db, layout in
            try PythonRow.store(rows, layout: layout.tasks, in: db, of: location)
            return db.dialect.hasNotices
        }
        if notices { await tell(rows.map(\.id)) }
        watch.stored()
    }

    /// Tells those who listen, after the transaction: notices within it would have all writers of the server commit one by one.
    private func tell(_ ids: [TaskID]) async {
        let texts = ServerTableWatch.notices(of: ids)
        // Whoever does not hear of it looks now and then.
        try? await database.write(isOneStatement: true) { db in
            _ = try db.rows(db.dialect.notify(ServerTableWatch.channel, count: texts.count), texts.map(SQLValue.text))
        }
    }

    package func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        guard !ids.isEmpty else { return [:] }
        let oldest = oldest(at: now())
        let found = try await readTable { [location = database.location] db, layout in
            try PythonRow.fetch(ids, layout: layout.tasks, in: db, of: location)
        } ?? [:]
        watch.looked(for: ids, found)
        guard let oldest else { return found }
        return found.filter { _, result in result.dateDone.map { $0 > oldest } ?? true }
    }

    package func forget(_ ids: [TaskID]) async throws -> Int {
        let ids = ids.distinct
        return try await delete(ids.map(\.text), from: PythonTables.tasks)
    }

    /// Deletes rows by their names. Returns their number.
    func delete(_ keys: [String], from table: PythonTables.Table) async throws -> Int {
        guard !keys.isEmpty, try await readTable({ _, _ in true }) == true else { return 0 }
        // Again it would not count what the first time has deleted.
        return try await database.write(isOneStatement: false, isRepeatable: false) { db in
            let step = db.dialect.keysPerStatement
            var count = 0
            for start in stride(from: 0, to: keys.count, by: step) {
                let part = keys[start..<min(start + step, keys.count)].filter { db.dialect.kind == .sqlite || !$0.utf8.contains(0) }
                if part.isEmpty { continue }
                let condition = "\(table.key) IN (\(db.dialect.parameters(part.count)))"
                count += try db.execute("DELETE FROM \(table.name) WHERE \(condition)", part.map { .text($0) })
            }
            return count
        }
    }

    package func close() async {
        watch.close()
        await database.close()
    }

    // MARK: The tables

    /// Changes Celery's tables, which are created if necessary.
    ///
    /// - Parameter isOneStatement: Whether the body runs one statement, which needs no transaction.
    func writeTable<T: Sendable>(
        isOneStatement: Bool = false, _ body: @escaping @Sendable (any SQLConnection, PythonTables.Layout) throws -> T
    ) async throws -> T {
        let isKnown = known.withLock { $0 != nil }
        return try await database.write(isOneStatement: isOneStatement && isKnown) { [self] db in
            if let layout = try layout(in: db), layout.groups != nil { return try body(db, layout) }
            // What is made here is not remembered before it is committed: the next call finds it.
            return try body(db, try PythonTables.create(in: db, of: database.location))
        }
    }

    /// Reads Celery's tables.
    ///
    /// - Returns: `nil` without tables.
    func readTable<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection, PythonTables.Layout) throws -> T
    ) async throws -> T? {
        try await database.read { [self] db in try layout(in: db).map { try body(db, $0) } }
    }

    /// The columns of the tables, looked up again after a schema change; `nil` without the table of tasks.
    private func layout(in db: any SQLConnection) throws -> PythonTables.Layout? {
        let mark = try db.schemaMark()
        if let known = known.withLock({ $0 }), known.mark == mark { return known.layout }
        guard let layout = try PythonTables.layout(in: db, of: database.location) else { return nil }
        known.withLock { $0 = (mark, layout) }
        return layout
    }

    /// Results done at or before the returned time have expired.
    private func oldest(at time: Timestamp) -> Timestamp? { expires.map { Timestamp(seconds: time.seconds - $0) } }
}

extension PythonDatabaseStore: ResultWatching {
    package func mark() async -> ResultMark { ResultMark(number: await watch.mark()) }

    package func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        try await watch.wait(since: mark.number, until: deadline)
    }
}

extension PythonDatabaseStore: ResultExpiring {
    /// Also drops saved groups, as Python does.
    package func dropExpired(now: Timestamp, limit: Int) async throws -> Int {
        guard let oldest = oldest(at: now).map(ISO8601.databaseText), let layout = try await readTable({ $1 }) else { return 0 }
        let tables = [PythonTables.tasks] + (layout.groups == nil ? [] : [PythonTables.groups])
        // Without an index of dates, as in tables of Celery up to 5.5, it takes long.
        return try await database.maintain { db in
            var count = 0
            for table in tables where count < limit {
                count += try db.execute(
                    db.dialect.deleteOldest(of: table.name, by: "date_done"), [.text(oldest), .integer(Int64(limit - count))])
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
        try await readTable { [location = database.location] db, layout -> JSON? in
            guard layout.groups != nil else { return nil }
            let sql = "SELECT result FROM \(PythonTables.groups.name) WHERE taskset_id = \(db.dialect.parameter(1))"
            guard let bytes = try db.rows(sql, [.text(id)]).first?.first?.bytes else { return nil }
            do {
                return try PythonValue.json(bytes, isException: false)
            } catch {
                throw DriverError(.unusable, "group \(id) in \(location) cannot be read: \(error)")
            }
        } ?? nil
    }
}

extension PythonDatabaseStore: TaskIDListing {
    package func taskIDs(startingWith prefix: String, limit: Int) async throws -> [TaskID] {
        try await readTable { db, _ in
            let dialect = db.dialect
            let ids = "SELECT task_id FROM \(PythonTables.tasks.name)"
            if prefix.isEmpty {
                return try db.rows(dialect.limited("\(ids) ORDER BY id DESC", 1), [.integer(Int64(limit))]).compactMap(\.first?.text)
            }
            let (condition, values) = dialect.begins("task_id", 1, with: prefix)
            // A table of MySQL may not tell `a` from `A`.
            let query = dialect.limited("\(ids) WHERE \(condition) ORDER BY task_id DESC", values.count + 1)
            return try db.rows(query, values + [.integer(Int64(limit))])
                .compactMap(\.first?.text).filter { $0.utf8.starts(with: prefix.utf8) }
        }?.map { TaskID($0) } ?? []
    }
}
