import CeleryCore
import SQLite
import Wire

/// Rows of the `message` table, and where each message is: ready, scheduled or leased.
enum MessageTable {
    /// Adds a message as ready, or as scheduled when its ETA is in the future.
    ///
    /// - Throws: `DriverError.alreadyThere` when the id is in use.
    static func insert(_ message: Message, submitted: Timestamp, ranking: MessageRanking, in db: Database) throws {
        var message = message
        let attempts = message.takeAttempts()
        let rank = ranking.rank(of: message, now: submitted)
        let tag = try insert(
            EncodedMessage(message), id: message.id.text, task: message.task, rank: rank, retries: message.retries,
            submitted: submitted, in: db)
        try place(tag, message, rank, attempt: attempts, now: submitted, in: db)
    }

    /// Adds an unreadable message as ready.
    static func insert(
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
    static func insertIfNew(
        _ message: Message, submitted: Timestamp, ranking: MessageRanking, in db: Database
    ) throws {
        do {
            try insert(message, submitted: submitted, ranking: ranking, in: db)
        } catch let error as DriverError where error.code == .alreadyThere {}
    }

    /// Replaces a leased message by its next try. The lease must have ended.
    static func retry(
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
    static func delete(_ tags: [Int64], in db: Database) throws {
        guard !tags.isEmpty else { return }
        try db.execute(sql: "DELETE FROM message WHERE tag IN (\(tags.map(String.init).joined(separator: ",")))")
    }

    /// Removes a message that no worker holds.
    ///
    /// - Parameter due: Its ETA, if known; otherwise all scheduled messages are searched.
    /// - Returns: Its attempts so far.
    @discardableResult
    static func remove(
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

    /// Limit of messages promoted at a time: other writers wait meanwhile, and the next take promotes more.
    private static let promotionLimit = 1_000

    /// Moves due messages to the ready table, earliest due first.
    static func promoteDue(now: Timestamp, in db: Database) throws {
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
    static func nextDue(in db: Database) throws -> Timestamp? {
        try Double.fetchOne(db.cachedStatement(sql: "SELECT min(due) FROM scheduled")).map(Timestamp.init)
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
