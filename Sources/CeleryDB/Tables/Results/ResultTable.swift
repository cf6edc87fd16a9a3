package import CeleryCore
package import SQLite
import Wire

/// Rows of the `result` table: Celery's extended meta document, with our additions, and the message that asked for it.
package enum ResultTable {
    static let schema = """
        CREATE TABLE result (
            -- grows with each change: the feed
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

    /// What came with layout 3: what a list shows and a retry sends again.
    static let columns = [
        "task TEXT", "queue TEXT",
        // Unix seconds; changed is when the row was written, and grows with the number
        "submitted REAL", "changed REAL",
        // The message as in the table `message`; NULL when its arguments are not kept.
        "headers BLOB", "properties BLOB", "body BLOB",
    ]

    /// Indexes on these columns.
    static let indexes = """
        CREATE INDEX IF NOT EXISTS result_task ON result (task);
        -- Most results are successes, and a page of those is found without an index.
        CREATE INDEX IF NOT EXISTS result_state ON result (state, number) WHERE state <> 'SUCCESS';
        """

    /// What came with layout 5. Tasks of the default queue, mostly all, cost nothing, and a page of them is found without it.
    static let queueIndex = """
        CREATE INDEX IF NOT EXISTS result_queue ON result (queue) WHERE queue <> 'celery';
        """

    /// Fills the columns of results that an earlier version stored.
    static let upgrade = """
        UPDATE result SET task = json_extract(CAST(document AS TEXT), '$.name'), queue = json_extract(CAST(document AS TEXT), '$.queue'),
            changed = coalesce(CAST(strftime('%s', json_extract(CAST(document AS TEXT), '$.date_done')) AS REAL), json_extract(CAST(document AS TEXT), '$.date_started'));
        """

    /// Stores a result, unless the stored one is final or of a later attempt.
    ///
    /// Its number, by which the feed is read, is at least the time in microseconds: when the newest result is deleted, its number
    /// does not come again, and a reader of the feed misses nothing.
    ///
    /// - Parameters:
    ///   - tag: The row of its message, which is copied; without it, the result's own `request` is stored.
    ///   - limit: The size in bytes up to which the arguments of a message are kept.
    package static func store(
        _ result: TaskResult, of tag: Int64? = nil, keeping limit: Int, expires: Double?, now: Timestamp, in db: Database
    ) throws {
        let request = tag == nil ? result.request.map(EncodedMessage.init) : nil
        var member: (set: String?, old: String?) = (result.groupID, nil)
        if result.groupID != nil {
            let find = try db.cachedStatement(sql: "SELECT member_of, state FROM result WHERE id = ?")
            if let row = try Row.fetchOne(find, arguments: [result.id.text]) { member = (row[0], row[1]) }
        }
        let isKept = request.map { $0.body.count <= limit } ?? false
        let statement = try db.cachedStatement(sql: """
            INSERT INTO result
                (number, id, state, attempt, expires, document, task, queue, member_of, submitted, changed, headers, properties, body)
            VALUES (
                max((SELECT coalesce(max(number), 0) + 1 FROM result), ?16), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
                -- looked up one by one: a join would gather the row in a table of its own first
                coalesce((SELECT submitted FROM message WHERE tag = ?14 AND id = ?1), ?9), ?15,
                coalesce((SELECT headers FROM message WHERE tag = ?14 AND id = ?1 AND length(body) <= ?10), ?11),
                coalesce((SELECT properties FROM message WHERE tag = ?14 AND id = ?1 AND length(body) <= ?10), ?12),
                coalesce((SELECT body FROM message WHERE tag = ?14 AND id = ?1 AND length(body) <= ?10), ?13))
            ON CONFLICT (id) DO UPDATE SET
                -- to the end of the feed
                number = excluded.number,
                state = excluded.state, attempt = excluded.attempt, expires = excluded.expires,
                document = excluded.document,
                task = coalesce(excluded.task, task), queue = coalesce(excluded.queue, queue),
                submitted = coalesce(submitted, excluded.submitted), changed = excluded.changed,
                headers = coalesce(headers, excluded.headers),
                properties = coalesce(properties, excluded.properties), body = coalesce(body, excluded.body)
            WHERE result.attempt <= excluded.attempt AND (
                result.state NOT IN ('SUCCESS', 'FAILURE', 'REVOKED')
                -- announced by the revoking client while an attempt ran: see RevocationAnnouncing
                OR (result.attempt = 0 AND excluded.attempt > 0))
            """)
        try statement.execute(arguments: [
            result.id.text, result.state.name, result.attempt, expires, KeptResult.document(of: result).bytes(style: .python),
            result.task, result.queue, result.groupID, result.submitted?.seconds, limit, isKept ? request?.headers : nil,
            isKept ? request?.properties : nil, isKept ? request?.body : nil, tag, now.seconds, Int64(now.seconds * 1e6),
        ])
        if let set = member.set, db.changesCount > 0 { try TaskSetTable.count(result.state, after: member.old, in: set, db) }
    }

    package static func fetch(_ id: TaskID, now: Timestamp, in db: Database) throws -> TaskResult? {
        let statement = try db.cachedStatement(sql: """
            SELECT document, submitted FROM result WHERE id = ? AND (expires IS NULL OR expires > ?)
            """)
        guard let row = try Row.fetchOne(statement, arguments: [id.text, now.seconds]) else { return nil }
        var result = try KeptResult.read(row[0])
        result.submitted = (row[1] as Double?).map(Timestamp.init)
        return result
    }

    /// The message of a task, if its arguments were kept and are readable.
    package static func request(of id: TaskID, now: Timestamp, in db: Database) throws -> Message? {
        let statement = try db.cachedStatement(sql: """
            SELECT headers, properties, body, queue FROM result
            WHERE id = ? AND body IS NOT NULL AND (expires IS NULL OR expires > ?)
            """)
        guard let row = try Row.fetchOne(statement, arguments: [id.text, now.seconds]) else { return nil }
        return try? EncodedMessage(row: row, from: 0, queue: row[3] ?? Route.defaultQueue).message()
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
