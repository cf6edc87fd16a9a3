package import CeleryCore
package import SQLite
import Wire

/// Taking from the `ready` table: the first messages of each queue by rank and age.
package enum ReadyTable {
    static let schema = """
        CREATE TABLE ready (
            queue TEXT NOT NULL, rank INTEGER NOT NULL, tag INTEGER NOT NULL,
            -- executions begun so far
            attempt INTEGER NOT NULL,
            PRIMARY KEY (queue, rank, tag)
        ) WITHOUT ROWID;
        """

    package struct Taken: Sendable {
        package var id: String
        package var handle: DeliveryHandle
        package var encoded: EncodedMessage
        package var crashes: Int
        package var doubts: Int
        package var rank: Int
    }

    /// Leases up to `maximum` messages to a worker: from each queue by rank, then by age.
    ///
    /// Takes a few statements per queue, however many messages they take: each follows the order of its index, whereas a query
    /// over several queues would sort all waiting messages.
    ///
    /// - Parameter share: How many messages to take from each queue, when there are several.
    package static func take(
        _ maximum: Int, from queues: [String], worker: Int64, now: Timestamp, in db: Database,
        share: ([(queue: String, count: Int)]) -> [Int]
    ) throws -> [Taken] {
        var taken: [Taken] = []
        let counts = queues.count > 1 ? share(try count(queues, upTo: maximum, in: db)) : queues.map { _ in maximum }
        for (queue, count) in zip(queues, counts) where count > 0 {
            let messages = try first(count, of: queue, in: db)
            guard let last = messages.last else { continue }
            let lease = try db.cachedStatement(sql: """
                INSERT INTO lease (tag, worker, attempt, since)
                SELECT tag, ?, attempt + 1, ? FROM ready WHERE queue = ? AND (rank, tag) <= (?, ?)
                """)
            try lease.execute(arguments: [worker, now.seconds, queue, last.rank, last.handle.tag])
            let remove = try db.cachedStatement(sql: "DELETE FROM ready WHERE queue = ? AND (rank, tag) <= (?, ?)")
            try remove.execute(arguments: [queue, last.rank, last.handle.tag])
            taken += messages
        }
        if queues.count > 1 { taken.sort { ($0.rank, $0.handle.tag) < ($1.rank, $1.handle.tag) } }
        return taken
    }

    /// What `Taken.init(_:)` reads.
    private static let columns = "m.id, m.queue, m.headers, m.properties, m.body, r.rank, r.tag, r.attempt, m.crashes, m.doubts"

    private static func first(_ count: Int, of queue: String, in db: Database) throws -> [Taken] {
        let statement = try db.cachedStatement(sql: """
            SELECT \(columns) FROM ready r CROSS JOIN message m ON m.tag = r.tag
            WHERE r.queue = ? ORDER BY r.rank, r.tag LIMIT ?
            """)
        var messages: [Taken] = []
        messages.reserveCapacity(count)
        let rows = try Row.fetchCursor(statement, arguments: [queue, count])
        while let row = try rows.next() { messages.append(Taken(row)) }
        return messages
    }

    // MARK: Revoked ids

    /// A join by id, which uses the keys of both tables.
    private static let byID = "FROM message m JOIN ready r ON r.queue = m.queue AND r.rank = m.rank AND r.tag = m.tag WHERE m.id = ?"

    /// Whether a message with one of the revoked ids is ready.
    package static func has(_ revocations: [Revocation], in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT 1 \(byID)")
        return try revocations.contains { try $0.target.id.map { try Int.fetchOne(statement, arguments: [$0.text]) != nil } ?? false }
    }

    /// Limit of messages leased at a time because of a revocation.
    private static let revocationLimit = 200

    /// Leases to a worker some of the ready messages with revoked ids. An unreadable one stays, and fails when a worker takes it.
    package static func take(
        _ revocations: [Revocation], from queues: [String], worker: Int64, now: Timestamp, in db: Database
    ) throws -> [Taken] {
        var taken: [Taken] = []
        let find = try db.cachedStatement(sql: "SELECT \(columns) \(byID)")
        let lease = try db.cachedStatement(sql: "INSERT INTO lease (tag, worker, attempt, since) VALUES (?, ?, ?, ?)")
        let remove = try db.cachedStatement(sql: "DELETE FROM ready WHERE queue = ? AND rank = ? AND tag = ?")
        for id in revocations.compactMap(\.target.id) where taken.count < revocationLimit {
            guard let row = try Row.fetchOne(find, arguments: [id.text]) else { continue }
            let message = Taken(row)
            guard queues.contains(message.encoded.queue), (try? message.encoded.message()) != nil else { continue }
            try lease.execute(arguments: [message.handle.tag, worker, message.handle.attempt, now.seconds])
            try remove.execute(arguments: [message.encoded.queue, message.rank, message.handle.tag])
            taken.append(message)
        }
        return taken
    }

    /// Number of messages in each queue, counting up to `maximum`.
    private static func count(_ queues: [String], upTo maximum: Int, in db: Database) throws -> [(queue: String, count: Int)] {
        let statement = try db.cachedStatement(sql: "SELECT count(*) FROM (SELECT 1 FROM ready WHERE queue = ? LIMIT ?)")
        return try queues.map { queue in (queue, try Int.fetchOne(statement, arguments: [queue, maximum]) ?? 0) }
    }
}

extension ReadyTable.Taken {
    fileprivate init(_ row: Row) {
        self.init(
            id: row[0], handle: DeliveryHandle(tag: row[6], attempt: row[7] + 1),
            encoded: EncodedMessage(row: row, from: 2, queue: row[1]), crashes: row[8], doubts: row[9], rank: row[5])
    }
}

extension EncodedMessage {
    /// Reads three columns: headers, properties, body.
    ///
    /// - Parameter first: Position of the first column.
    package init(row: Row, from first: Int, queue: String) {
        self.init(queue: queue, headers: row[first], properties: row[first + 1], body: row[first + 2])
    }
}
