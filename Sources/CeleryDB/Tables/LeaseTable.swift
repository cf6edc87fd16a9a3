package import CeleryCore
package import Processes
package import SQLite

/// Who has which message, and what becomes of it when the worker is gone.
package enum LeaseTable {
    static let schema = """
        CREATE TABLE lease (
            tag INTEGER PRIMARY KEY, worker INTEGER NOT NULL, attempt INTEGER NOT NULL,
            since REAL NOT NULL
        );
        """

    /// Ends a lease.
    ///
    /// The fence: it counts only for the worker and attempt that hold it now.
    /// - Returns: false when the lease is no longer theirs.
    package static func end(_ handle: DeliveryHandle, of worker: Int64, in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "DELETE FROM lease WHERE tag = ? AND worker = ? AND attempt = ?")
        try statement.execute(arguments: [handle.tag, worker, handle.attempt])
        return db.changesCount == 1
    }

    /// The attempts a worker is on, by tag.
    package static func attempts(of worker: Int64, in db: Database) throws -> [Int64: Int] {
        let statement = try db.cachedStatement(sql: "SELECT tag, attempt FROM lease WHERE worker = ?")
        var attempts: [Int64: Int] = [:]
        let rows = try Row.fetchCursor(statement, arguments: [worker])
        while let row = try rows.next() { attempts[row[0]] = row[1] }
        return attempts
    }

    /// Ends leases that are known to stand.
    package static func end(_ tags: [Int64], in db: Database) throws {
        guard !tags.isEmpty else { return }
        try db.execute(sql: "DELETE FROM lease WHERE tag IN (\(tags.map(String.init).joined(separator: ",")))")
    }

    /// Puts one message back in its place; `started` keeps the attempt it was on.
    package static func giveBack(_ handle: DeliveryHandle, of worker: Int64, started: Bool, in db: Database) throws -> Bool {
        guard try end(handle, of: worker, in: db) else { return false }
        let statement = try db.cachedStatement(sql: """
            INSERT INTO ready (queue, rank, tag, attempt) SELECT queue, rank, tag, ? FROM message WHERE tag = ?
            """)
        try statement.execute(arguments: [started ? handle.attempt : handle.attempt - 1, handle.tag])
        return true
    }

    /// Counts the death of a worker against what it held.
    package static func layBlame(on begun: Begun, of worker: Int64, in db: Database) throws {
        switch begun {
        case .nothing: break
        case .these(let entries):
            // The attempt is part of it: what stands in the slot of a child may be long over.
            for entry in entries {
                // One that ended this moment may be what killed the worker all the same.
                let column = entry.hasEnded ? "doubts" : "crashes"
                let blame = try db.cachedStatement(sql: """
                    UPDATE message SET \(column) = \(column) + 1
                    WHERE tag = (SELECT tag FROM lease WHERE tag = ? AND worker = ? AND attempt = ?)
                    """)
                try blame.execute(arguments: [entry.tag, worker, entry.attempt])
            }
        case .unknown:
            try db.execute(
                sql: "UPDATE message SET doubts = doubts + 1 WHERE tag IN (SELECT tag FROM lease WHERE worker = ?)",
                arguments: [worker])
        }
    }

    /// What a worker that was taken for dead had begun.
    package enum Begun: Sendable {
        case nothing
        case these([FlightRecord.Entry])
        case unknown
    }

    /// Puts back all that a worker holds. Returns how many there were.
    ///
    /// - Parameter started: whether any of them may have begun. Which is not known of a dead
    ///   worker, so the attempts of all count: an attempt number is never used twice.
    @discardableResult
    package static func giveBackAll(of worker: Int64, started: Bool, in db: Database) throws -> Int {
        try db.execute(
            sql: """
                INSERT INTO ready (queue, rank, tag, attempt)
                SELECT m.queue, m.rank, l.tag, l.attempt - ?
                FROM lease l CROSS JOIN message m ON m.tag = l.tag WHERE l.worker = ?
                """,
            arguments: [started ? 0 : 1, worker])
        try db.execute(sql: "DELETE FROM lease WHERE worker = ?", arguments: [worker])
        return db.changesCount
    }
}
