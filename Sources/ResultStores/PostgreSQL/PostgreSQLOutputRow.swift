package import CeleryCore
import SQL

/// A row of the table `celery_output`: what an attempt wrote to its standard streams.
enum PostgreSQLOutputRow {
    static let schema = [
        """
        CREATE TABLE celery_output (
            -- the id of the task
            id TEXT COLLATE "C",
            attempt INTEGER,
            -- whether the attempt has ended
            is_final BOOLEAN NOT NULL,
            -- Unix seconds; NULL stores it for ever
            expires DOUBLE PRECISION,
            -- the beginning and the end of each stream, in the format of TaskOutput
            content BYTEA NOT NULL,
            PRIMARY KEY (id, attempt)
        )
        """,
        "CREATE INDEX celery_output_expires ON celery_output (expires) WHERE expires IS NOT NULL",
    ]

    /// Stores what is not stored as final already, and drops what the oldest of too many attempts wrote.
    static let keep = """
        WITH given AS (
            SELECT id, attempt::integer, is_final::boolean, content::bytea FROM unnest($1, $2, $3, $4) AS given (id, attempt, is_final, content)
        ), kept AS (
            INSERT INTO celery_output AS o (id, attempt, is_final, expires, content)
            SELECT id, attempt, is_final, $5::double precision, content FROM given
            ON CONFLICT (id, attempt) DO UPDATE SET is_final = excluded.is_final, expires = excluded.expires, content = excluded.content
            WHERE NOT o.is_final OR excluded.is_final
        )
        DELETE FROM celery_output AS o USING given WHERE o.id = given.id AND o.attempt <= given.attempt - \(AttemptOutput.attemptLimit)
        """

    /// One of each attempt, by id: of several what would have come of keeping them in this order.
    static func folded(_ outputs: [AttemptOutput]) -> [AttemptOutput] {
        var places: [String: [Int: Int]] = [:]
        var folded: [AttemptOutput] = []
        for output in outputs {
            if let place = places[output.id.text]?[output.attempt] {
                if !folded[place].isFinal || output.isFinal { folded[place] = output }
            } else {
                places[output.id.text, default: [:]][output.attempt] = folded.count
                folded.append(output)
            }
        }
        let newest = places.mapValues { $0.keys.max() ?? 0 }
        // Those that the statement itself would drop it does not see.
        return folded.filter { $0.attempt > (newest[$0.id.text] ?? 0) - AttemptOutput.attemptLimit }
            .sorted { ($0.id.text, $0.attempt) < ($1.id.text, $1.attempt) }
    }
}

extension PostgreSQLResultStore: OutputKeeping {
    package func keep(_ outputs: [AttemptOutput]) async throws {
        guard !outputs.isEmpty else { return }
        if let odd = outputs.first(where: { $0.id.text.utf8.contains(0) }) {
            throw DriverError(.refused, "\(location) takes no ids with NULs", subject: odd.id)
        }
        let until = SQLValue(seconds: terms.outputExpires.map { now().seconds + $0 })
        let folded = PostgreSQLOutputRow.folded(outputs)
        // By as many statements as it takes for none to be too large.
        var parts: [[AttemptOutput]] = []
        var room = 0
        for output in folded {
            if room <= 0 {
                parts.append([])
                room = SQLDialect.bytesPerStatement
            }
            parts[parts.count - 1].append(output)
            room -= output.content.count + 100
        }
        try await writeTables(isOneStatement: parts.count == 1) { [parts] db in
            for part in parts {
                let columns: [[SQLValue]] = [
                    part.map { .text($0.id.text) }, part.map { .integer(Int64($0.attempt)) }, part.map { .text($0.isFinal ? "t" : "f") },
                    part.map { .blob($0.content) },
                ]
                try db.execute(PostgreSQLOutputRow.keep, arrays: columns, [until])
            }
        }
    }

    package func outputs(of id: TaskID, from attempt: Int) async throws -> [AttemptOutput] {
        guard !id.text.utf8.contains(0) else { return [] }
        let now = SQLValue(seconds: self.now().seconds)
        return try await readTables { db in
            try db.rows(
                """
                SELECT attempt, is_final, content FROM celery_output
                WHERE id = $1 AND attempt >= $2 AND (expires IS NULL OR expires > $3::double precision) ORDER BY attempt
                """, [.text(id.text), .integer(Int64(attempt)), now])
        }?.map { row in
            AttemptOutput(id: id, attempt: Int(row[0].integer ?? 0), isFinal: row[1] == .integer(1), content: row[2].bytes ?? [])
        } ?? []
    }
}
