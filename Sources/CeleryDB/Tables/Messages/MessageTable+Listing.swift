package import CeleryCore
package import SQLite
import Wire

/// Lists of tasks whose messages wait or run.
extension MessageTable {
    /// Selected tasks that workers hold, by their start, newest first.
    package static func running(_ filter: TaskFilter, limit: Int, now: Timestamp, in db: Database) throws -> [ListedTask] {
        guard filter.selects(any: [.started]) else { return [] }
        let tables = "FROM lease l CROSS JOIN message m ON m.tag = l.tag LEFT JOIN worker w ON w.number = l.worker"
        return try list(
            filter, limit: limit, tables, "l.attempt, l.since, w.name", order: "l.since DESC, l.tag DESC", now: now, until: nil, in: db
        ).tasks
    }

    /// Selected tasks that wait, by their submission, newest first.
    package static func waiting(_ filter: TaskFilter, limit: Int, now: Timestamp, in db: Database) throws -> [ListedTask] {
        try waiting(filter, before: nil, limit: limit, now: now, until: nil, in: db).tasks
    }

    /// The same before a position, until a deadline: then the part ends where the reading has.
    package static func waiting(
        _ filter: TaskFilter, before position: Int64?, limit: Int, now: Timestamp, until deadline: ContinuousClock.Instant?, in db: Database
    ) throws -> TaskPart {
        guard filter.selects(any: [.queued, .scheduled, .retry]) else { return TaskPart([], next: nil) }
        if filter.phases == [.scheduled] {
            return try list(
                filter, limit: limit, "FROM scheduled s CROSS JOIN message m ON m.tag = s.tag", "s.attempt, NULL, NULL",
                order: "s.tag DESC", condition: "s.tag < ?2", before: position, now: now, until: deadline, in: db)
        }
        return try list(
            filter, limit: limit,
            "FROM message m LEFT JOIN ready r ON r.queue = m.queue AND r.rank = m.rank AND r.tag = m.tag",
            "coalesce(r.attempt, 0), NULL, NULL", order: "m.tag DESC",
            condition: "m.tag < ?2 AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.tag = m.tag)", before: position, now: now,
            until: deadline, in: db)
    }

    /// - Parameter deadline: With one, every row is looked at here, so that the reading can end at any.
    private static func list(
        _ filter: TaskFilter, limit: Int, _ tables: String, _ columns: String, order: String, condition: String = "?2 IS NOT NULL",
        before position: Int64? = nil, now: Timestamp, until deadline: ContinuousClock.Instant?, in db: Database
    ) throws -> TaskPart {
        let isWanted = "(?1 IS NULL OR m.queue = ?1)"
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: """
                SELECT m.tag, m.id, m.task, m.queue, m.retries, m.submitted, m.headers, m.properties, m.body, \(columns), \(isWanted)
                \(tables) WHERE \(condition)\(deadline == nil ? " AND \(isWanted)" : "") ORDER BY \(order)
                """),
            arguments: [filter.queue, position ?? .max])
        return try ListReading(filter: filter, limit: limit, end: position, deadline: deadline, nameColumn: 2, testColumn: 12)
            .part(of: rows) { ListedTask(message: $0, now: now) }
    }
}

extension ListedTask {
    /// Reads a row of `MessageTable.list`.
    ///
    /// The ETA decides whether a message is scheduled. Searching the messages that wait for a limit would read all messages of the
    /// task.
    fileprivate init(message row: Row, now: Timestamp) {
        let queue: String = row[3]
        let retries: Int = row[4]
        let submitted = Timestamp(seconds: row[5])
        let since = (row[10] as Double?).map(Timestamp.init)
        let request = try? EncodedMessage(row: row, from: 6, queue: queue).message()
        let due = since == nil ? request?.eta.flatMap { $0 > now ? $0 : nil } : nil
        let phase: TaskPhase = since != nil ? .started : retries > 0 ? .retry : due != nil ? .scheduled : .queued
        self.init(id: TaskID(row[1]), phase: phase, changed: since ?? submitted, position: row[0])
        (self.task, self.queue, self.submitted, self.request) = (row[2], queue, submitted, request)
        var location = MessageLocation(
            task: row[2], queue: queue, state: since != nil ? .started : retries > 0 ? .retry : .pending, attempt: row[9],
            retries: retries)
        (location.submitted, location.eta, location.started) = (submitted, due, since)
        location.worker = row[11]
        self.location = location
    }
}
