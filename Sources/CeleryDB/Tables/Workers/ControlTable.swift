package import CeleryCore
package import SQLite
package import Wire

/// The tables `control_request` and `control_reply`: remote control in a file.
///
/// A client adds requests and wakes the workers; each worker reads the requests it has not seen and adds its answers. The
/// client deletes its replies when done; requests, and replies left by a killed client, are deleted by later requests once
/// expired. Both tables are capped.
package enum ControlTable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS control_request (
            -- never used twice: a worker continues after the last one it saw
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            -- ignored after this time (Unix seconds)
            expires REAL NOT NULL,
            -- the request in the form of Python's Celery, as JSON
            body BLOB NOT NULL
        );
        CREATE TABLE IF NOT EXISTS control_reply (
            -- identifies the request
            ticket TEXT NOT NULL,
            worker INTEGER NOT NULL,
            name TEXT NOT NULL,
            expires REAL NOT NULL,
            value BLOB NOT NULL,
            PRIMARY KEY (ticket, worker)
        ) WITHOUT ROWID;
        """

    /// Seconds that a request without expiry is kept; the same as in a RabbitMQ queue.
    private static let lifetime = 300.0
    /// The same limit as for a worker's queue at RabbitMQ.
    private static let mostRequests = 1_000
    private static let mostReplies = 100_000

    /// A request as a worker reads it.
    package struct Request: Sendable {
        package var number: Int64
        /// `nil` when malformed.
        package var message: ControlMessage?
    }

    /// The number of the last request ever added, or one that no later request has.
    package static func lastRequest(in db: Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'control_request'") ?? 0
    }

    package static func add(_ messages: [ControlMessage], now: Timestamp, in db: Database) throws {
        try db.execute(sql: "DELETE FROM control_request WHERE expires < ?", arguments: [now.seconds])
        try db.execute(sql: "DELETE FROM control_reply WHERE expires < ?", arguments: [now.seconds])
        for message in messages {
            try db.execute(
                sql: "INSERT INTO control_request (expires, body) VALUES (?, ?)",
                arguments: [message.expires ?? now.seconds + lifetime, message.wire.body])
        }
        try db.execute(
            sql: "DELETE FROM control_request WHERE number <= ?", arguments: [db.lastInsertedRowID - Int64(mostRequests)])
    }

    package static func requests(after number: Int64, in db: Database) throws -> [Request] {
        let statement = try db.cachedStatement(sql: "SELECT number, expires, body FROM control_request WHERE number > ? ORDER BY number")
        return try Row.fetchAll(statement, arguments: [number]).map { row in
            let wire = WireMessage(routingKey: "", headers: ["expires": .double(row[1])], body: row[2])
            return Request(number: row[0], message: try? ControlMessage(wire))
        }
    }

    /// Adds a worker's answer. If the client is gone, the answer stays until it expires.
    package static func answer(
        _ message: ControlMessage, _ value: JSON, of worker: Int64, named name: String, now: Timestamp, in db: Database
    ) throws {
        guard let ticket = message.ticket,
            try Int.fetchOne(db, sql: "SELECT count(*) FROM control_reply") ?? 0 < mostReplies
        else { return }
        try db.execute(
            sql: "INSERT OR REPLACE INTO control_reply (ticket, worker, name, expires, value) VALUES (?, ?, ?, ?, ?)",
            arguments: [ticket, worker, name, message.expires ?? now.seconds + lifetime, value.bytes()])
    }

    /// The answers to a request, by worker number.
    package static func answers(to ticket: String, in db: Database) throws -> [Int64: WorkerAnswers.Answer] {
        let statement = try db.cachedStatement(sql: "SELECT worker, name, value FROM control_reply WHERE ticket = ?")
        var answers: [Int64: WorkerAnswers.Answer] = [:]
        for row in try Row.fetchAll(statement, arguments: [ticket]) {
            // Skip malformed values: anybody may have written them.
            guard let value = try? JSON(parsing: row[2] as [UInt8]) else { continue }
            answers[row[0]] = WorkerAnswers.Answer(worker: row[1], value: value)
        }
        return answers
    }

    /// Deletes the replies to these tickets.
    package static func remove(_ tickets: [String], in db: Database) throws {
        for ticket in tickets { try db.execute(sql: "DELETE FROM control_reply WHERE ticket = ?", arguments: [ticket]) }
    }
}
