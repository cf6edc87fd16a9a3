package import CeleryCore
package import SQLite
import Wire

/// Rows of the `event` table: a ring from which the oldest events are dropped.
package enum EventTable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS event (
            -- never used twice: a reader continues after the last one it saw
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            -- when it was stored (Unix seconds)
            received REAL NOT NULL,
            type TEXT NOT NULL,
            host TEXT NOT NULL,
            -- the id of its task
            task TEXT,
            -- Celery's event, as JSON
            body TEXT NOT NULL
        );
        CREATE INDEX IF NOT EXISTS event_task ON event (task) WHERE task IS NOT NULL;
        CREATE INDEX IF NOT EXISTS event_received ON event (received);
        CREATE INDEX IF NOT EXISTS event_heartbeat ON event (host) WHERE type = 'worker-heartbeat';
        CREATE TABLE IF NOT EXISTS event_mark (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            -- events up to this number were dropped, because of their age or number
            dropped INTEGER NOT NULL
        );
        """

    /// Limit of events dropped at a time, because other writers wait meanwhile.
    private static let dropLimit: Int64 = 1_000
    /// Number of added events after which old ones are dropped.
    private static let dropInterval: Int64 = 64

    /// Adds events. Only the last heartbeat of each worker is kept.
    package static func add(_ events: [Event], _ kept: EventRetention, now: Timestamp, in db: Database) throws {
        let insert = try db.cachedStatement(sql: "INSERT INTO event (received, type, host, task, body) VALUES (?, ?, ?, ?, ?)")
        let supersede = try db.cachedStatement(sql: "DELETE FROM event WHERE type = 'worker-heartbeat' AND host = ?")
        var last: Int64 = 0
        for event in events {
            if event.type == Event.heartbeat { try supersede.execute(arguments: [event.hostname]) }
            try insert.execute(arguments: [
                now.seconds, event.type, event.hostname, event.taskID?.text,
                JSON.object(EventDocument.object(event)).text(style: .python),
            ])
            last = db.lastInsertedRowID
        }
        if last / dropInterval != (last - Int64(events.count)) / dropInterval { try drop(kept, last: last, now: now, in: db) }
    }

    private static func drop(_ kept: EventRetention, last: Int64, now: Timestamp, in db: Database) throws {
        guard let first = try Int64.fetchOne(db, sql: "SELECT min(number) FROM event") else { return }
        let aged = try Int64.fetchOne(
            db, sql: "SELECT max(number) FROM event WHERE received < ?", arguments: [now.seconds - kept.seconds])
        let end = min(max(last - Int64(kept.count), aged ?? 0), first + dropLimit)
        guard end >= first else { return }
        try db.execute(sql: "DELETE FROM event WHERE number <= ?", arguments: [end])
        try db.execute(sql: "INSERT OR REPLACE INTO event_mark (one, dropped) VALUES (1, ?)", arguments: [end])
    }

    /// Events after a number, oldest first, and the number of the last dropped event.
    package static func read(after number: Int64, limit: Int, in db: Database) throws -> (rows: [(number: Int64, event: Event)], dropped: Int64) {
        let statement = try db.cachedStatement(sql: "SELECT number, body FROM event WHERE number > ? ORDER BY number LIMIT ?")
        let rows = try Row.fetchAll(statement, arguments: [number, limit]).compactMap(event)
        return (rows, try dropped(in: db))
    }

    /// Events of one task, oldest first.
    package static func read(of id: TaskID, in db: Database) throws -> [(number: Int64, event: Event)] {
        let statement = try db.cachedStatement(sql: "SELECT number, body FROM event WHERE task = ? ORDER BY number")
        return try Row.fetchAll(statement, arguments: [id.text]).compactMap(event)
    }

    private static func event(_ row: Row) -> (number: Int64, event: Event)? {
        let body: String = row[1]
        guard let event = (try? JSON(parsing: body)).flatMap(EventDocument.read) else { return nil }
        return (row[0], event)
    }

    private static func dropped(in db: Database) throws -> Int64 {
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT dropped FROM event_mark")) ?? 0
    }

    /// The number of the newest event ever added.
    package static func last(in db: Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'event'") ?? 0
    }

    /// The number before the first event received at this time or later.
    package static func number(before time: Timestamp, in db: Database) throws -> Int64 {
        let first = try Int64.fetchOne(db, sql: "SELECT min(number) FROM event WHERE received >= ?", arguments: [time.seconds])
        return try first.map { $0 - 1 } ?? last(in: db)
    }
}

/// How long events are kept in a file.
package struct EventRetention: Sendable {
    /// Older events are dropped.
    package var seconds: Double
    /// The oldest events beyond this number are dropped.
    package var count: Int

    /// - Parameter seconds: `nil` keeps events for a minute, long enough for followers.
    package init(seconds: Double?, count: Int = 200_000) {
        self.seconds = seconds ?? 60
        self.count = count
    }
}
