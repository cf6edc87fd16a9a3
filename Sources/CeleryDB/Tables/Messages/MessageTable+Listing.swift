package import CeleryCore
package import SQLite
import Wire

/// Lists of tasks whose messages wait or run.
extension MessageTable {
    /// Selected tasks that workers hold, by their start, newest first.
    package static func running(_ filter: TaskFilter, limit: Int, now: Timestamp, in db: Database) throws -> [ListedTask] {
        guard filter.selects(any: [.started]) else { return [] }
        return try list(
            filter, limit: limit,
            "FROM lease l CROSS JOIN message m ON m.tag = l.tag LEFT JOIN worker w ON w.number = l.worker",
            "l.attempt, l.since, w.name", order: "l.since DESC, l.tag DESC", now: now, in: db)
    }

    /// Selected tasks that wait, by their submission, newest first.
    package static func waiting(_ filter: TaskFilter, limit: Int, now: Timestamp, in db: Database) throws -> [ListedTask] {
        guard filter.selects(any: [.queued, .scheduled, .retry]) else { return [] }
        if filter.phases == [.scheduled] {
            return try list(
                filter, limit: limit, "FROM scheduled s CROSS JOIN message m ON m.tag = s.tag", "s.attempt, NULL, NULL",
                order: "s.tag DESC", now: now, in: db)
        }
        return try list(
            filter, limit: limit,
            "FROM message m LEFT JOIN ready r ON r.queue = m.queue AND r.rank = m.rank AND r.tag = m.tag",
            "coalesce(r.attempt, 0), NULL, NULL", order: "m.tag DESC",
            condition: "NOT EXISTS (SELECT 1 FROM lease l WHERE l.tag = m.tag)", now: now, in: db)
    }

    private static func list(
        _ filter: TaskFilter, limit: Int, _ tables: String, _ columns: String, order: String, condition: String = "true",
        now: Timestamp, in db: Database
    ) throws -> [ListedTask] {
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: """
                SELECT m.tag, m.id, m.task, m.queue, m.retries, m.submitted, m.headers, m.properties, m.body, \(columns)
                \(tables) WHERE \(condition) AND (?1 IS NULL OR m.queue = ?1) ORDER BY \(order)
                """),
            arguments: [filter.queue])
        var found: [ListedTask] = []
        while found.count < limit, let row = try rows.next() {
            // The cheap tests first: a million may wait.
            if let pattern = filter.task, !Glob.matches(row[2], pattern) { continue }
            let task = ListedTask(message: row, now: now)
            if let since = filter.since, task.changed < since { break }
            if filter.selects(task), task.contains(textOf: filter) { found.append(task) }
        }
        return found
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
