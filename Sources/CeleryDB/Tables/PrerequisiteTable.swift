package import CeleryCore
package import SQLite

/// Scheduled messages that wait for other tasks to end (`Prerequisites`).
///
/// The message itself is scheduled for some later time, like any other. A row here lets it come at once when a final result of the
/// task is stored, by whomever: the trigger runs in the transaction of the result. Whether the message may then run, its worker
/// decides.
package enum PrerequisiteTable {
    /// Made on first use: its triggers cost each result something, and few projects use --after.
    private static let schema = """
        CREATE TABLE IF NOT EXISTS prerequisite (
            -- the task that has to end, and the message that waits for it
            id TEXT NOT NULL, tag INTEGER NOT NULL,
            -- when the message is scheduled
            due REAL NOT NULL,
            PRIMARY KEY (id, tag)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS prerequisite_tag ON prerequisite (tag);
        CREATE TRIGGER IF NOT EXISTS result_stored AFTER INSERT ON result WHEN NEW.state IN ('SUCCESS', 'FAILURE', 'REVOKED') BEGIN
            UPDATE scheduled SET due = 0 WHERE (due, tag) IN (SELECT due, tag FROM prerequisite WHERE id = NEW.id);
            DELETE FROM prerequisite WHERE id = NEW.id;
        END;
        CREATE TRIGGER IF NOT EXISTS result_ended AFTER UPDATE OF state ON result WHEN NEW.state IN ('SUCCESS', 'FAILURE', 'REVOKED') BEGIN
            UPDATE scheduled SET due = 0 WHERE (due, tag) IN (SELECT due, tag FROM prerequisite WHERE id = NEW.id);
            DELETE FROM prerequisite WHERE id = NEW.id;
        END;
        """

    /// Returns leased messages as never tried: each comes back at its time, or when one of its tasks has ended.
    ///
    /// - Returns: For each message, whether the worker still had it.
    package static func postpone(
        _ postponements: [Postponement], of worker: Int64, now: Timestamp, in db: Database
    ) throws -> [Bool] {
        try db.execute(sql: schema)
        try dropGone(lookingAt: max(50, 2 * postponements.count), in: db)
        let schedule = try db.cachedStatement(sql: "INSERT INTO scheduled (due, tag, attempt) VALUES (?, ?, ?)")
        let forget = try db.cachedStatement(sql: "DELETE FROM prerequisite WHERE tag = ?")
        let note = try db.cachedStatement(sql: "INSERT OR IGNORE INTO prerequisite (id, tag, due) VALUES (?, ?, ?)")
        let ended = try db.cachedStatement(sql: "SELECT 1 FROM result WHERE id = ? AND state IN ('SUCCESS', 'FAILURE', 'REVOKED')")
        return try postponements.map { postponement in
            let handle = postponement.handle
            guard try LeaseTable.end(handle, of: worker, in: db) else { return false }
            try forget.execute(arguments: [handle.tag])
            // One may have ended since the worker looked.
            let isEnded = try postponement.after.contains { try Int.fetchOne(ended, arguments: [$0.text]) != nil }
            let due = isEnded ? now : postponement.until
            try schedule.execute(arguments: [due.seconds, handle.tag, handle.attempt - 1])
            if !isEnded {
                for id in postponement.after { try note.execute(arguments: [id.text, handle.tag, due.seconds]) }
            }
            return true
        }
    }

    /// Drops rows of messages that were revoked while they waited.
    ///
    /// Looks at the first rows and at as many from a random one on: looking at all would cost each worker more, the more wait.
    private static func dropGone(lookingAt count: Int, in db: Database) throws {
        let ends = try db.cachedStatement(sql: "SELECT (SELECT min(tag) FROM prerequisite), (SELECT max(tag) FROM prerequisite)")
        guard let row = try Row.fetchOne(ends), let first = row[0] as Int64?, let last = row[1] as Int64? else { return }
        let drop = try db.cachedStatement(sql: """
            DELETE FROM prerequisite WHERE tag IN (SELECT tag FROM prerequisite WHERE tag >= ? ORDER BY tag LIMIT ?)
            AND tag NOT IN (SELECT tag FROM message)
            """)
        for start in [first, .random(in: first...last)] { try drop.execute(arguments: [start, count]) }
    }
}
