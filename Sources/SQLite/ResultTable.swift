package import CeleryCore
import Wire

/// Rows of the `result` table: Celery's extended meta document, with our additions.
package enum ResultTable {
    /// Stores a result, unless the stored one is final or of a later attempt.
    package static func store(_ result: TaskResult, expires: Double?, in db: Database) throws {
        let statement = try db.cachedStatement(sql: """
            INSERT INTO result (id, state, attempt, expires, document) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                -- to the end of the feed
                number = (SELECT max(number) + 1 FROM result),
                state = excluded.state, attempt = excluded.attempt, expires = excluded.expires,
                document = excluded.document
            WHERE result.attempt <= excluded.attempt AND (
                result.state NOT IN ('SUCCESS', 'FAILURE', 'REVOKED')
                -- announced by the revoking client while an attempt ran: see RevocationAnnouncing
                OR (result.attempt = 0 AND excluded.attempt > 0))
            """)
        try statement.execute(arguments: [
            result.id.text, result.state.name, result.attempt, expires, KeptResult.document(of: result).bytes(style: .python),
        ])
    }

    package static func fetch(_ id: TaskID, now: Timestamp, in db: Database) throws -> TaskResult? {
        let statement = try db.cachedStatement(sql: """
            SELECT document FROM result WHERE id = ? AND (expires IS NULL OR expires > ?)
            """)
        guard let document = try [UInt8].fetchOne(statement, arguments: [id.text, now.seconds]) else { return nil }
        return try KeptResult.read(document)
    }
}
