package import CeleryCore
package import SQLite
import Wire

/// Rows of the `message` table, and where they belong: ready, scheduled, lease.
package enum MessageTable {
    static let schema = """
        CREATE TABLE message (
            -- never used twice, so that a late writer cannot hit a newer message
            tag INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            task TEXT NOT NULL,
            queue TEXT NOT NULL,
            -- smaller runs earlier: see MessageRanking
            rank INTEGER NOT NULL,
            retries INTEGER NOT NULL,
            submitted REAL NOT NULL,
            -- protocol 2 headers, and the properties that are not the usual ones, as JSON
            headers BLOB NOT NULL,
            properties BLOB,
            body BLOB NOT NULL,
            -- executions known to have lost their process
            crashes INTEGER NOT NULL DEFAULT 0,
            -- deaths of workers that may have begun it
            doubts INTEGER NOT NULL DEFAULT 0
        );
        """

    /// Adds a message as ready, or as scheduled when its ETA is in the future.
    ///
    /// - Throws: `DriverError.alreadyThere` when the id is in use.
    package static func insert(_ message: Message, submitted: Timestamp, ranking: MessageRanking, in db: Database) throws {
        var message = message
        let attempts = message.takeAttempts()
        let rank = ranking.rank(of: message, now: submitted)
        let tag = try insert(
            EncodedMessage(message), id: message.id.text, task: message.task, rank: rank, retries: message.retries,
            submitted: submitted, in: db)
        try place(tag, message, rank, attempt: attempts, now: submitted, in: db)
    }

    /// Adds an unreadable message as ready.
    package static func insert(
        _ row: EncodedMessage, id: String, task: String, submitted: Timestamp, attempt: Int, in db: Database
    ) throws {
        let tag = try insert(row, id: id, task: task, rank: 0, retries: 0, submitted: submitted, in: db)
        try db.execute(
            sql: "INSERT INTO ready (queue, rank, tag, attempt) VALUES (?, 0, ?, ?)", arguments: [row.queue, tag, attempt])
    }

    private static func insert(
        _ row: EncodedMessage, id: String, task: String, rank: Int, retries: Int, submitted: Timestamp, in db: Database
    ) throws -> Int64 {
        let finished = try db.cachedStatement(sql: "SELECT 1 FROM result WHERE id = ? AND state IN ('SUCCESS', 'FAILURE', 'REVOKED')")
        if try Int.fetchOne(finished, arguments: [id]) != nil {
            throw DriverError(.alreadyThere, "task id \(id) is already in use: its result is stored", subject: TaskID(id))
        }
        let statement = try db.cachedStatement(sql: """
            INSERT INTO message (id, task, queue, rank, retries, submitted, headers, properties, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO NOTHING
            """)
        try statement.execute(arguments: [
            id, task, row.queue, rank, retries, submitted.seconds, row.headers, row.properties, row.body,
        ])
        guard db.changesCount == 1 else {
            throw DriverError(.alreadyThere, "task id \(id) is already in use: it waits or runs", subject: TaskID(id))
        }
        return db.lastInsertedRowID
    }

    /// Adds a message unless its id is in use: then another path to the same step has published it.
    package static func insertIfNew(
        _ message: Message, submitted: Timestamp, ranking: MessageRanking, in db: Database
    ) throws {
        do {
            try insert(message, submitted: submitted, ranking: ranking, in: db)
        } catch let error as DriverError where error.code == .alreadyThere {}
    }

    /// Replaces a leased message by its next try. The lease must have ended.
    package static func retry(
        _ tag: Int64, with message: Message, attempt: Int, now: Timestamp, ranking: MessageRanking, in db: Database
    ) throws {
        let row = EncodedMessage(message)
        let rank = ranking.rank(of: message, now: now)
        let statement = try db.cachedStatement(sql: """
            UPDATE message SET queue = ?, rank = ?, retries = ?, headers = ?, properties = ?, body = ? WHERE tag = ?
            """)
        try statement.execute(arguments: [
            message.route.queue, rank, message.retries, row.headers, row.properties, row.body, tag,
        ])
        try place(tag, message, rank, attempt: attempt, now: now, in: db)
    }

    /// Deletes finished messages. Their leases must have ended.
    package static func delete(_ tags: [Int64], in db: Database) throws {
        // A list in the SQL text would have to be parsed each time.
        let statement = try db.cachedStatement(sql: "DELETE FROM message WHERE tag = ?")
        for tag in tags { try statement.execute(arguments: [tag]) }
    }

    /// Removes a message that no worker holds.
    ///
    /// - Parameter due: Its ETA, if known; otherwise all scheduled messages are searched.
    /// - Returns: Its attempts so far.
    @discardableResult
    package static func remove(
        _ tag: Int64, queue: String, rank: Int, task: String, due: Double?, in db: Database
    ) throws -> Int {
        func attempts(_ sql: String, _ arguments: StatementArguments) throws -> Int? {
            try Int.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
        }
        try delete([tag], in: db)
        return try attempts("DELETE FROM ready WHERE queue = ? AND rank = ? AND tag = ? RETURNING attempt", [queue, rank, tag])
            ?? LimitTable.withdraw(tag, of: task, in: db)
            ?? due.flatMap { try attempts("DELETE FROM scheduled WHERE due = ? AND tag = ? RETURNING attempt", [$0, tag]) }
            ?? attempts("DELETE FROM scheduled WHERE tag = ? RETURNING attempt", [tag])
            ?? 0
    }

    private static func place(
        _ tag: Int64, _ message: Message, _ rank: Int, attempt: Int, now: Timestamp, in db: Database
    ) throws {
        if let eta = message.eta, eta > now {
            let statement = try db.cachedStatement(sql: "INSERT INTO scheduled (due, tag, attempt) VALUES (?, ?, ?)")
            try statement.execute(arguments: [eta.seconds, tag, attempt])
        } else {
            let statement = try db.cachedStatement(sql: "INSERT INTO ready (queue, rank, tag, attempt) VALUES (?, ?, ?, ?)")
            try statement.execute(arguments: [message.route.queue, rank, tag, attempt])
        }
    }
}
