package import CeleryCore
package import SQLite

/// Messages that wait for their time.
package enum ScheduledTable {
    static let schema = """
        CREATE TABLE scheduled (
            -- Unix seconds
            due REAL NOT NULL, tag INTEGER NOT NULL, attempt INTEGER NOT NULL,
            PRIMARY KEY (due, tag)
        ) WITHOUT ROWID;
        """

    /// Limit of messages promoted at a time: other writers wait meanwhile, and the next take promotes more.
    private static let promotionLimit = 1_000

    /// Moves due messages to the ready table, earliest due first.
    package static func promoteDue(now: Timestamp, in db: Database) throws {
        guard let next = try nextDue(in: db), next <= now else { return }
        let end = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT due, tag FROM scheduled WHERE due <= ? ORDER BY due, tag LIMIT 1 OFFSET ?"),
            arguments: [now.seconds, promotionLimit - 1])
        let last = end.map { (due: $0[0] as Double, tag: $0[1] as Int64) } ?? (due: now.seconds, tag: Int64.max)
        let due = try db.cachedStatement(sql: """
            INSERT INTO ready (queue, rank, tag, attempt)
            SELECT m.queue, m.rank, s.tag, s.attempt
            FROM scheduled s CROSS JOIN message m ON m.tag = s.tag WHERE (s.due, s.tag) <= (?, ?)
            """)
        try due.execute(arguments: [last.due, last.tag])
        let moved = try db.cachedStatement(sql: "DELETE FROM scheduled WHERE (due, tag) <= (?, ?)")
        try moved.execute(arguments: [last.due, last.tag])
    }

    /// When the next scheduled message is due.
    package static func nextDue(in db: Database) throws -> Timestamp? {
        try Double.fetchOne(db.cachedStatement(sql: "SELECT min(due) FROM scheduled")).map(Timestamp.init)
    }
}
