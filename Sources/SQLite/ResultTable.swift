package import CeleryCore
import Foundation
package import GRDB
import Wire

/// Rows of the `result` table: Celery's extended meta document, and what we add to it.
package enum ResultTable {
    /// Records a result, unless a later attempt or a final result stands there already.
    package static func store(_ result: TaskResult, expires: Double?, in db: Database) throws {
        let statement = try db.cachedStatement(sql: """
            INSERT INTO result (id, state, attempt, expires, document) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                -- to the end of the feed
                number = (SELECT max(number) + 1 FROM result),
                state = excluded.state, attempt = excluded.attempt, expires = excluded.expires,
                document = excluded.document
            WHERE result.attempt <= excluded.attempt AND result.state NOT IN ('SUCCESS', 'FAILURE', 'REVOKED')
            """)
        statement.setUncheckedArguments([
            result.id.text, result.state.name, result.attempt, expires, Data(encode(result)),
        ])
        try statement.execute()
    }

    package static func fetch(_ id: TaskID, now: Timestamp, in db: Database) throws -> TaskResult? {
        let statement = try db.cachedStatement(sql: """
            SELECT document FROM result WHERE id = ? AND (expires IS NULL OR expires > ?)
            """)
        guard let document = try Data.fetchOne(statement, arguments: [id.text, now.seconds]) else { return nil }
        return try decode([UInt8](document))
    }

    private static func encode(_ result: TaskResult) -> [UInt8] {
        var document = ResultDocument(result).json(extended: true).objectValue ?? [:]
        document["attempt"] = .int(Int64(result.attempt))
        if let started = result.dateStarted { document["date_started"] = .double(started.seconds) }
        if let text = result.errorOutput { document["stderr"] = .string(text) }
        return JSON.object(document).bytes(style: .python)
    }

    private static func decode(_ bytes: [UInt8]) throws -> TaskResult {
        let document = try JSON(parsing: bytes)
        var result = try ResultDocument(document).result
        result.attempt = document["attempt"]?.intValue ?? 1
        result.dateStarted = document["date_started"]?.doubleValue.map(Timestamp.init)
        result.errorOutput = document["stderr"]?.stringValue
        return result
    }
}
