package import CeleryCore
package import SQLite
import Wire

/// Rows of the `result` table: Celery's extended meta document, with our additions.
package enum ResultTable {
    static let schema = """
        CREATE TABLE result (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            state TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            -- Unix seconds; NULL stores it for ever
            expires REAL,
            -- Celery's meta document, extended, as JSON
            document BLOB NOT NULL
        );
        CREATE INDEX result_expires ON result (expires) WHERE expires IS NOT NULL;
        """

    /// Stores a result, unless the stored one is final or of a later attempt.
    ///
    /// Its number, by which the feed is read, is at least the time in microseconds: when the newest result is deleted, its number
    /// does not come again, and a reader of the feed misses nothing.
    package static func store(_ result: TaskResult, expires: Double?, in db: Database) throws {
        let statement = try db.cachedStatement(sql: """
            INSERT INTO result (number, id, state, attempt, expires, document)
            VALUES (max((SELECT coalesce(max(number), 0) + 1 FROM result), ?), ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                -- to the end of the feed
                number = excluded.number,
                state = excluded.state, attempt = excluded.attempt, expires = excluded.expires,
                document = excluded.document
            WHERE result.attempt <= excluded.attempt AND (
                result.state NOT IN ('SUCCESS', 'FAILURE', 'REVOKED')
                -- announced by the revoking client while an attempt ran: see RevocationAnnouncing
                OR (result.attempt = 0 AND excluded.attempt > 0))
            """)
        try statement.execute(arguments: [
            Int64(Timestamp.now.seconds * 1e6), result.id.text, result.state.name, result.attempt, expires, KeptResult.document(of: result).bytes(style: .python),
        ])
    }

    package static func fetch(_ id: TaskID, now: Timestamp, in db: Database) throws -> TaskResult? {
        let statement = try db.cachedStatement(sql: """
            SELECT document FROM result WHERE id = ? AND (expires IS NULL OR expires > ?)
            """)
        guard let document = try [UInt8].fetchOne(statement, arguments: [id.text, now.seconds]) else { return nil }
        return try KeptResult.read(document)
    }

    /// - Returns: whether it was there.
    package static func remove(_ id: TaskID, in db: Database) throws -> Bool {
        try db.cachedStatement(sql: "DELETE FROM result WHERE id = ?").execute(arguments: [id.text])
        return db.changesCount > 0
    }

    /// Forgets at most `limit` whose time is over. Returns how many.
    package static func dropExpired(now: Timestamp, limit: Int, in db: Database) throws -> Int {
        try db.execute(
            sql: """
                DELETE FROM result WHERE number IN (
                    SELECT number FROM result WHERE expires IS NOT NULL AND expires <= ? ORDER BY expires LIMIT ?)
                """,
            arguments: [now.seconds, limit])
        return db.changesCount
    }

    // MARK: Feed

    /// The number of the newest; 0 when there is none.
    package static func last(in db: Database) throws -> Int64 { try Int64.fetchOne(db, sql: "SELECT max(number) FROM result") ?? 0 }

    /// What was stored after a number, and the newest number.
    package static func changes(after number: Int64, in db: Database) throws -> (ids: [TaskID], position: Int64) {
        let statement = try db.cachedStatement(sql: "SELECT number, id FROM result WHERE number > ? ORDER BY number")
        var ids: [TaskID] = []
        var last = number
        let rows = try Row.fetchCursor(statement, arguments: [number])
        while let row = try rows.next() {
            last = row[0]
            ids.append(TaskID(row[1]))
        }
        return (ids, last)
    }
}
