package import CeleryCore
package import SQLite

/// Rows of the table `standing_order`.
package enum StandingCommandTable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS standing_order (
            -- never used twice, and greater than all earlier ones
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            -- id, task and header are revocations; pause pauses a queue
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            -- when it is dropped (Unix seconds); NULL for never
            until REAL,
            -- as JSON
            body TEXT NOT NULL,
            UNIQUE (kind, subject)
        );
        """

    private static let pauseKind = "pause"

    /// Stores a command, replacing an earlier one about the same subject.
    package static func add(_ revocation: Revocation, in db: Database) throws {
        let (kind, subject) = key(of: revocation.target)
        try add(kind, subject, until: revocation.until, revocation.json, in: db)
    }

    private static func key(of target: Revocation.Target) -> (kind: String, subject: String) {
        switch target {
        case .id(let id): ("id", id.text)
        case .task(let name): ("task", name)
        case .header(let name, let value): ("header", "\(name)=\(value)")
        }
    }

    private static func add(_ kind: String, _ subject: String, until: Timestamp?, _ body: JSON, in db: Database) throws {
        // Kept again, by a worker that heard of it elsewhere, a command is no news.
        let statement = try db.cachedStatement(sql: """
            INSERT OR REPLACE INTO standing_order (kind, subject, until, body) SELECT ?1, ?2, ?3, ?4
            WHERE NOT EXISTS (SELECT 1 FROM standing_order WHERE kind = ?1 AND subject = ?2 AND body = ?4)
            """)
        try statement.execute(arguments: [kind, subject, until?.seconds, body.text(style: .compact)])
    }

    /// Deletes commands that have ended.
    package static func dropEnded(now: Timestamp, in db: Database) throws {
        try db.execute(sql: "DELETE FROM standing_order WHERE until <= ?", arguments: [now.seconds])
    }

    /// Revocations after a number, and the last number. Unreadable ones are skipped.
    package static func revocations(after number: Int64, now: Timestamp, in db: Database) throws -> ([Revocation], last: Int64) {
        let statement = try db.cachedStatement(sql: """
            SELECT number, body FROM standing_order WHERE number > ? AND kind <> '\(pauseKind)' AND until > ? ORDER BY number
            """)
        var revocations: [Revocation] = []
        for row in try Row.fetchAll(statement, arguments: [number, now.seconds]) {
            guard let json = try? JSON(parsing: row[1] as String), let revocation = Revocation(json: json) else { continue }
            revocations.append(revocation)
        }
        return (revocations, max(number, try last(in: db)))
    }

    /// The number of the newest command; 0 when there is none.
    package static func last(in db: Database) throws -> Int64 {
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(number) FROM standing_order")) ?? 0
    }

    // MARK: Pauses

    package static func pause(_ queue: String, _ pause: QueuePause, in db: Database) throws {
        try add(pauseKind, queue, until: pause.until, pause.json, in: db)
    }

    package static func resume(_ queue: String, now: Timestamp, in db: Database) throws -> Bool {
        try db.execute(
            sql: "DELETE FROM standing_order WHERE kind = '\(pauseKind)' AND subject = ? AND (until IS NULL OR until > ?)",
            arguments: [queue, now.seconds])
        return db.changesCount > 0
    }

    package static func pauses(now: Timestamp, in db: Database) throws -> [String: QueuePause] {
        let statement = try db.cachedStatement(sql: """
            SELECT subject, body FROM standing_order WHERE kind = '\(pauseKind)' AND (until IS NULL OR until > ?)
            """)
        var pauses: [String: QueuePause] = [:]
        for row in try Row.fetchAll(statement, arguments: [now.seconds]) {
            pauses[row[0]] = (try? JSON(parsing: row[1] as String)).flatMap(QueuePause.init) ?? QueuePause(since: now)
        }
        return pauses
    }

    /// The queues that are not paused, and when the next pause ends.
    package static func open(_ queues: [String], now: Timestamp, in db: Database) throws -> (queues: [String], next: Timestamp?) {
        let statement = try db.cachedStatement(sql: "SELECT subject, until FROM standing_order WHERE kind = '\(pauseKind)' AND (until IS NULL OR until > ?)")
        var open = queues
        var next: Double?
        let rows = try Row.fetchCursor(statement, arguments: [now.seconds])
        while let row = try rows.next() {
            let queue: String = row[0]
            open.removeAll { $0 == queue }
            if let until: Double = row[1], queues.contains(queue) { next = min(next ?? until, until) }
        }
        return (open, next.map(Timestamp.init))
    }
}
