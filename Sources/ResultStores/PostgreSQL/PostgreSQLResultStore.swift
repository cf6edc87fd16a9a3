// Results in tables of our own at a PostgreSQL server (`postgresql://`), with all that `celery.db` keeps: for fleets whose workers share
// no disk. `db+postgresql://` is another store, in the tables of Python's Celery.
//
//     PostgreSQLSchema                      the tables, and how they are made and upgraded
//     PostgreSQLResultRow, +Listing         results, and lists of them
//     PostgreSQLOutputRow, PostgreSQLTaskSets, PostgreSQLSlots
//
// Chords are not counted here (`ChordCounting`): whoever sends one, in Python or here, sends a task with it that waits for the members,
// unless client and workers share a store that counts in Python's way. If both were done, the body would be sent twice.

package import CeleryCore
package import SQL
import Synchronization
import Wire

/// Stores results at a PostgreSQL server, in our own layout.
package final class PostgreSQLResultStore: RevocationAnnouncing, RequestKeeping {
    /// What settings say of results.
    package struct Terms: Sendable {
        /// Seconds a result is kept; `nil` for ever.
        package var expires: Double?
        /// The size in bytes up to which the arguments of a message are kept with its result.
        package var argumentLimit: Int
        /// Seconds the output of an attempt is kept.
        package var outputExpires: Double?

        /// - Parameter outputExpires: `nil` as long as results.
        package init(expires: Double?, argumentLimit: Int = 65_536, outputExpires: Double? = nil) {
            (self.expires, self.argumentLimit, self.outputExpires) = (expires, argumentLimit, outputExpires ?? expires)
        }
    }

    package let location: String
    let terms: Terms
    let database: SQLServerLink
    let watch: ServerTableWatch
    /// The time of a test, by which leases are counted as well; otherwise the server counts those.
    let testTime: (@Sendable () -> Timestamp)?
    private let schema: PostgreSQLSchema
    /// The mark of the connection whose tables were looked at.
    private let known = Mutex<Int64?>(nil)
    private let lastNumber = Mutex<Int64>(0)
    /// Of those who store in the same microsecond.
    private let ownNumber = Int64.random(in: 0..<256)

    /// The channel of notices: ids of tasks, one a line; an empty text stands for any task.
    private static let channel = "celery_result"

    /// Does not connect yet.
    package init(
        _ server: PostgreSQLServer, _ terms: Terms, schema: PostgreSQLSchema = .current, testTime: (@Sendable () -> Timestamp)? = nil
    ) {
        location = server.location
        database = SQLServerLink(server)
        watch = ServerTableWatch(server, channel: Self.channel, othersWrite: false)
        (self.terms, self.schema, self.testTime) = (terms, schema, testTime)
    }

    func now() -> Timestamp { testTime?() ?? .now }

    package func store(_ results: [TaskResult]) async throws {
        guard !results.isEmpty else { return }
        let now = self.now()
        let until = terms.expires.map { now.seconds + $0 }
        let first = numbers(results.count, at: now)
        let rows = PostgreSQLResultRow.folded(
            try results.enumerated().map { index, result in
                try PostgreSQLResultRow(
                    result, keeping: terms.argumentLimit, expires: until, number: first + Int64(index), of: location)
            })
        let parts = Self.parts(rows)
        let areMembers = rows.contains { $0.memberOf != nil }
        try await writeTables(isOneStatement: parts.count == 1 && !areMembers) { db in
            for part in parts {
                if areMembers { try PostgreSQLTaskSets.store(part, in: db) } else { try PostgreSQLResultRow.store(part, in: db) }
            }
        }
        await tell(rows.map { TaskID($0.id) })
        watch.stored()
    }

    /// The rows of each statement.
    private static func parts(_ rows: [PostgreSQLResultRow]) -> [ArraySlice<PostgreSQLResultRow>] {
        var parts: [ArraySlice<PostgreSQLResultRow>] = []
        var (start, size) = (0, 0)
        for (index, row) in rows.enumerated() {
            size += row.size
            guard size >= SQLDialect.bytesPerStatement || index + 1 - start == SQLDialect.rowsPerServerStatement || index == rows.count - 1 else { continue }
            parts.append(rows[start...index])
            (start, size) = (index + 1, 0)
        }
        return parts
    }

    /// Numbers for results that are stored now, greater than those before.
    ///
    /// - Returns: The first of them.
    private func numbers(_ count: Int, at time: Timestamp) -> Int64 {
        lastNumber.withLock { last in
            let first = max(last + 1, Self.number(at: time) + ownNumber)
            last = first + Int64(count)
            return first
        }
    }

    /// The least number of results that are stored at a time or later.
    static func number(at time: Timestamp) -> Int64 {
        // Thousand years from now, at most.
        Int64(min(max(0, time.seconds), 35e9) * 1e6) << 8
    }

    /// When the result with a number was stored.
    static func time(of number: Int64) -> Timestamp { Timestamp(seconds: Double(number >> 8) / 1e6) }

    /// Tells those who listen, after the transaction: notices within it would have all writers of the server commit one by one.
    private func tell(_ ids: [TaskID]) async {
        let texts = ServerTableWatch.notices(of: ids)
        // Whoever does not hear of it looks now and then.
        try? await database.write(isOneStatement: true) { db in
            _ = try db.rows(db.dialect.notify(Self.channel, count: texts.count), texts.map(SQLValue.text))
        }
    }

    package func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        guard !ids.isEmpty else { return [:] }
        // Before the look: a notice that comes right behind it then wakes who waits.
        watch.looked(for: ids, [:])
        let columns = "id, document, submitted::text"
        let found = try await rows(of: ids, columns).reduce(into: [TaskID: TaskResult]()) { found, row in
            guard let id = row[0].text else { return }
            found[TaskID(id)] = try Self.result(row[1], submitted: row[2], of: id, location)
        }
        watch.looked(for: ids, found)
        return found
    }

    /// Columns of the results of tasks that have not expired.
    private func rows(of ids: [TaskID], _ columns: String, where condition: String = "true") async throws -> [[SQLValue]] {
        let now = SQLValue(seconds: self.now().seconds)
        let sql = """
            SELECT \(columns) FROM celery_result
            WHERE id = ANY($1) AND \(condition) AND (expires IS NULL OR expires > $2::double precision)
            """
        // Nobody can have stored an id with a NUL.
        let ids = ids.distinct.map(\.text).filter { !$0.utf8.contains(0) }
        return try await readTables { db in
            var rows: [[SQLValue]] = []
            for start in stride(from: 0, to: ids.count, by: SQLDialect.rowsPerServerStatement) {
                let part = ids[start..<min(start + SQLDialect.rowsPerServerStatement, ids.count)]
                rows += try db.rows(sql, arrays: [part.map(SQLValue.text)], [now])
            }
            return rows
        } ?? []
    }

    /// - Throws: `DriverError.unusable` for a document that no version of this program has written.
    static func result(_ document: SQLValue, submitted: SQLValue, of id: String, _ location: String) throws -> TaskResult {
        do {
            var result = try KeptResult.read(document.bytes ?? [])
            result.submitted = submitted.seconds.map(Timestamp.init)
            return result
        } catch {
            throw DriverError(.unusable, "the result of \(id) in \(location) cannot be read: \(error)")
        }
    }

    package func requests(for ids: [TaskID]) async throws -> [TaskID: Message] {
        guard !ids.isEmpty else { return [:] }
        return try await rows(of: ids, "id, queue, headers, properties, body", where: "body IS NOT NULL").reduce(into: [:]) { found, row in
            if let id = row[0].text { found[TaskID(id)] = Self.message(row[1...]) }
        }
    }

    /// The message of a row, if its arguments were kept and are readable.
    ///
    /// - Parameter row: The columns queue, headers, properties and body.
    static func message(_ row: ArraySlice<SQLValue>) -> Message? {
        let values = Array(row)
        guard values.count == 4, let headers = values[1].bytes, let body = values[3].bytes else { return nil }
        let encoded = EncodedMessage(queue: values[0].text ?? Route.defaultQueue, headers: headers, properties: values[2].bytes, body: body)
        return try? encoded.message()
    }

    package func forget(_ ids: [TaskID]) async throws -> Int {
        let ids = ids.distinct.map(\.text).filter { !$0.utf8.contains(0) }.map(SQLValue.text)
        guard !ids.isEmpty, try await readTables({ _ in true }) == true else { return 0 }
        // Again it would not count what the first time has deleted.
        return try await database.write(isOneStatement: true, isRepeatable: false) { db in
            try Self.arrays(db).execute(
                """
                WITH outputs AS (DELETE FROM celery_output WHERE id = ANY($1))
                DELETE FROM celery_result WHERE id = ANY($1)
                """, arrays: [ids])
        }
    }

    package func close() async {
        watch.close()
        await database.close()
    }

    // MARK: The tables

    /// Changes the tables, which are made or upgraded if necessary.
    ///
    /// - Parameter isOneStatement: Whether the body runs one statement, which needs no transaction.
    func writeTables<Value: Sendable>(
        isOneStatement: Bool = false, _ body: @escaping @Sendable (any SQLArrayConnection) throws -> Value
    ) async throws -> Value {
        let isAlone = isOneStatement && known.withLock { $0 != nil }
        do {
            return try await database.write(isOneStatement: isAlone) { [self] db in
                if try state(in: db) != .usable {
                    // They are made whole or not at all.
                    if isAlone { throw TablesGone() }
                    // What is made here is not remembered before it is committed: the next call finds it.
                    try schema.make(in: db, of: location)
                }
                return try body(try Self.arrays(db))
            }
        } catch is TablesGone {
            return try await writeTables(isOneStatement: false, body)
        }
    }

    /// There were tables, and somebody has dropped them.
    private struct TablesGone: Error {}

    /// Reads the tables.
    ///
    /// - Returns: `nil` without tables.
    func readTables<Value: Sendable>(
        isLong: Bool = false, _ body: @escaping @Sendable (any SQLArrayConnection) throws -> Value
    ) async throws -> Value? {
        if case .outdated = try await database.read({ [self] in try state(in: $0) }) { try await writeTables { _ in } }
        let read: @Sendable (any SQLConnection) throws -> Value? = { [self] db in
            try state(in: db) == .usable ? try body(try Self.arrays(db)) : nil
        }
        return isLong ? try await database.maintain(read) : try await database.read(read)
    }

    /// What there is of the tables, looked at again with each connection and after an error that speaks of them.
    private func state(in db: any SQLConnection) throws -> PostgreSQLSchema.State {
        let mark = try db.schemaMark()
        if known.withLock({ $0 == mark }) { return .usable }
        let state = try schema.state(in: db, of: location)
        if state == .usable { known.withLock { $0 = mark } }
        return state
    }

    static func arrays(_ db: any SQLConnection) throws -> any SQLArrayConnection {
        guard let db = db as? any SQLArrayConnection else { throw SQLError(.malformed, "the database takes no arrays") }
        return db
    }
}

extension PostgreSQLResultStore: ResultWatching {
    package func mark() async -> ResultMark { ResultMark(number: await watch.mark()) }

    package func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        try await watch.wait(since: mark.number, until: deadline)
    }
}

/// By the notices, since numbers of results do not grow in the order in which they are committed.
extension PostgreSQLResultStore: ResultFeeding {
    package func feedPosition() async throws -> Int64 { watch.feedPosition() }

    package func changes(after position: Int64) async throws -> (ids: [TaskID], position: Int64) { watch.changes(after: position) }
}

extension PostgreSQLResultStore: TaskIDListing {
    package func taskIDs(startingWith prefix: String, limit: Int) async throws -> [TaskID] {
        guard !prefix.utf8.contains(0) else { return [] }
        return try await readTables { db in
            guard !prefix.isEmpty else {
                return try db.rows("SELECT id FROM celery_result ORDER BY number + 0 DESC LIMIT $1", [.integer(Int64(limit))])
            }
            let (condition, values) = db.dialect.begins("id", 1, with: prefix)
            let query = db.dialect.limited("SELECT id FROM celery_result WHERE \(condition) ORDER BY id DESC", values.count + 1)
            return try db.rows(query, values + [.integer(Int64(limit))])
        }?.compactMap { $0.first?.text.map { TaskID($0) } } ?? []
    }
}
