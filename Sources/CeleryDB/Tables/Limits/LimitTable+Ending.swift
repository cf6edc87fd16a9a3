package import CeleryCore
package import SQLite
import Wire

// Messages in a limit queue that end without running need no turn, token or slot, and delay no other message.
extension LimitTable {
    /// Leases expired messages to a worker, up to `maximum`.
    package static func takeExpired(
        _ maximum: Int, from queues: [String], worker: Int64, now: Timestamp, in db: Database
    ) throws -> [ReadyTable.Taken] {
        guard try nextExpiry(queues, in: db).map({ $0 <= now }) ?? false else { return [] }
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT \(columns), l.task, l.key FROM limited l JOIN message m ON m.tag = l.tag
                WHERE l.queue IN (\(marks(queues))) AND l.expires < ? ORDER BY l.expires LIMIT ?
                """,
            arguments: StatementArguments(queues) + [now.seconds, maximum])
        return try lease(rows, to: worker, now: now, in: db)
    }

    /// When the next message of these queues expires.
    package static func nextExpiry(_ queues: [String], in db: Database) throws -> Timestamp? {
        let statement = try db.cachedStatement(sql: "SELECT min(expires) FROM limited WHERE queue = ? AND expires IS NOT NULL")
        // A message is still valid at its expiry time itself.
        return try queues.compactMap { try Double.fetchOne(statement, arguments: [$0]) }.min().map { Timestamp(seconds: $0 + 0.001) }
    }

    /// Limit of messages leased at a time because of a revocation.
    private static let revocationLimit = 200

    /// Leases to a worker some of the waiting messages that the revocations cover.
    package static func take(
        _ revocations: [Revocation], from queues: [String], worker: Int64, now: Timestamp, in db: Database
    ) throws -> [ReadyTable.Taken] {
        guard try hasAny(in: db) else { return [] }
        var taken: [ReadyTable.Taken] = []
        for revocation in revocations {
            var offset = 0
            while taken.count < revocationLimit {
                let rows = try rows(of: revocation.target, after: offset, in: db)
                let covered = rows.filter { row in
                    guard queues.contains(row[1]), let message = try? EncodedMessage(row: row, from: 2, queue: row[1]).message() else { return false }
                    return revocation.covers(message)
                }
                taken += try lease(covered, to: worker, now: now, in: db)
                if rows.count < revocationLimit { break }
                offset += rows.count - covered.count
            }
        }
        return taken
    }

    /// Whether any revocation may cover a waiting message, as far as columns tell without reading messages.
    package static func mayHave(_ revocations: [Revocation], in db: Database) throws -> Bool {
        guard try hasAny(in: db) else { return false }
        let byID = try db.cachedStatement(sql: "SELECT 1 FROM message m JOIN limited l ON l.task = m.task AND l.tag = m.tag WHERE m.id = ?")
        let byTask = try db.cachedStatement(sql: "SELECT 1 FROM limited WHERE task = ? LIMIT 1")
        return try revocations.contains { revocation in
            switch revocation.target {
            case .id(let id): try Int.fetchOne(byID, arguments: [id.text]) != nil
            case .task(let name): try Int.fetchOne(byTask, arguments: [name]) != nil
            case .header: true
            }
        }
    }

    /// Some of the waiting messages that a revocation may cover.
    private static func rows(of target: Revocation.Target, after offset: Int, in db: Database) throws -> [Row] {
        let page = "LIMIT \(revocationLimit) OFFSET \(offset)"
        let select = "SELECT \(columns), l.task, l.key FROM limited l JOIN message m ON m.tag = l.tag"
        switch target {
        case .id(let id):
            // Uses the keys of both tables.
            let statement = try db.cachedStatement(sql: """
                SELECT \(columns), l.task, l.key FROM message m JOIN limited l ON l.task = m.task AND l.tag = m.tag WHERE m.id = ?
                """)
            return try Row.fetchAll(statement, arguments: [id.text])
        case .task(let name):
            return try Row.fetchAll(db, sql: select + " WHERE l.task = ? \(page)", arguments: [name])
        case .header: return try Row.fetchAll(db, sql: "\(select) \(page)")
        }
    }

    private static func lease(_ rows: [Row], to worker: Int64, now: Timestamp, in db: Database) throws -> [ReadyTable.Taken] {
        try rows.compactMap { row in
            guard let message = try message(row) else { return nil }
            let line = Line(task: row[10], key: row[11])
            try lease(message, from: line, to: worker, now: now, in: db)
            try renew(line, in: db)
            return message
        }
    }

    /// Removes a withdrawn message from its limit queue.
    ///
    /// - Returns: Its attempts so far; `nil` when it is in no limit queue.
    package static func withdraw(_ tag: Int64, of task: String, in db: Database) throws -> Int? {
        let statement = try db.cachedStatement(sql: "DELETE FROM limited WHERE task = ? AND tag = ? RETURNING attempt, key")
        guard let row = try Row.fetchOne(statement, arguments: [task, tag]) else { return nil }
        try renew(Line(task: task, key: row[1]), in: db)
        return row[0]
    }
}
