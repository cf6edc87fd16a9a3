package import CeleryCore
package import SQLite

/// Rows of the `output` table: what attempts wrote to their standard streams.
package enum OutputTable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS output (
            number INTEGER PRIMARY KEY,
            -- the id of the task
            id TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            -- whether the attempt has ended
            is_final INTEGER NOT NULL,
            -- Unix seconds; NULL stores it for ever
            expires REAL,
            -- the beginning and the end of each stream, in the format of TaskOutput
            content BLOB NOT NULL,
            UNIQUE (id, attempt)
        );
        CREATE INDEX IF NOT EXISTS output_expires ON output (expires) WHERE expires IS NOT NULL;
        """

    /// Stores the output of an attempt, unless its final output is already stored. Drops that of old attempts.
    package static func keep(_ output: AttemptOutput, expires: Double?, in db: Database) throws {
        let statement = try db.cachedStatement(sql: """
            INSERT INTO output (id, attempt, is_final, expires, content) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (id, attempt) DO UPDATE SET
                is_final = excluded.is_final, expires = excluded.expires, content = excluded.content
            WHERE NOT output.is_final OR excluded.is_final
            """)
        try statement.execute(arguments: [output.id.text, output.attempt, output.isFinal, expires, output.content])
        let oldest = output.attempt - AttemptOutput.attemptLimit
        guard oldest > 0 else { return }
        try db.cachedStatement(sql: "DELETE FROM output WHERE id = ? AND attempt <= ?").execute(arguments: [output.id.text, oldest])
    }

    /// The output of a task, by attempt.
    package static func fetch(_ id: TaskID, from attempt: Int, now: Timestamp, in db: Database) throws -> [AttemptOutput] {
        let statement = try db.cachedStatement(sql: """
            SELECT attempt, is_final, content FROM output
            WHERE id = ? AND attempt >= ? AND (expires IS NULL OR expires > ?) ORDER BY attempt
            """)
        return try Row.fetchAll(statement, arguments: [id.text, attempt, now.seconds]).map { row in
            AttemptOutput(id: id, attempt: row[0], isFinal: row[1], content: row[2])
        }
    }

    package static func remove(_ id: TaskID, in db: Database) throws {
        try db.cachedStatement(sql: "DELETE FROM output WHERE id = ?").execute(arguments: [id.text])
    }

    /// Drops at most `limit` rows whose time is over. Returns their number.
    package static func dropExpired(now: Timestamp, limit: Int, in db: Database) throws -> Int {
        let statement = try db.cachedStatement(sql: """
            DELETE FROM output WHERE number IN (
                SELECT number FROM output WHERE expires IS NOT NULL AND expires <= ? ORDER BY expires LIMIT ?)
            """)
        try statement.execute(arguments: [now.seconds, limit])
        return db.changesCount
    }
}
