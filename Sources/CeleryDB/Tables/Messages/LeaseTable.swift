package import CeleryCore
package import Processes
package import SQLite

/// Which worker has which message, and what happens to the message when the worker is gone.
package enum LeaseTable {
    static let schema = """
        CREATE TABLE lease (
            tag INTEGER PRIMARY KEY, worker INTEGER NOT NULL, attempt INTEGER NOT NULL,
            since REAL NOT NULL
        );
        """

    /// Ends a lease.
    ///
    /// The fence: only the worker and attempt that hold the lease can end it.
    ///
    /// - Returns: `false` when the lease is no longer held.
    package static func end(_ handle: DeliveryHandle, of worker: Int64, in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "DELETE FROM lease WHERE tag = ? AND worker = ? AND attempt = ?")
        try statement.execute(arguments: [handle.tag, worker, handle.attempt])
        return db.changesCount == 1
    }

    /// The attempts of a worker's leases, by tag.
    package static func attempts(of worker: Int64, in db: Database) throws -> [Int64: Int] {
        let statement = try db.cachedStatement(sql: "SELECT tag, attempt FROM lease WHERE worker = ?")
        var attempts: [Int64: Int] = [:]
        let rows = try Row.fetchCursor(statement, arguments: [worker])
        while let row = try rows.next() { attempts[row[0]] = row[1] }
        return attempts
    }

    /// Whether a worker holds a lease.
    package static func isHeld(_ handle: DeliveryHandle, by worker: Int64, in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM lease WHERE tag = ? AND worker = ? AND attempt = ?")
        return try Int.fetchOne(statement, arguments: [handle.tag, worker, handle.attempt]) != nil
    }

    /// Returns one message to its queue; `started` keeps the number of its attempt.
    package static func giveBack(_ handle: DeliveryHandle, of worker: Int64, started: Bool, in db: Database) throws -> Bool {
        guard try end(handle, of: worker, in: db) else { return false }
        let statement = try db.cachedStatement(sql: """
            INSERT INTO ready (queue, rank, tag, attempt) SELECT queue, rank, tag, ? FROM message WHERE tag = ?
            """)
        try statement.execute(arguments: [started ? handle.attempt : handle.attempt - 1, handle.tag])
        return true
    }

    /// Counts a worker's death against the messages it had begun.
    package static func layBlame(on begun: Begun, of worker: Int64, in db: Database) throws {
        switch begun {
        case .nothing: break
        case .these(let entries):
            // The attempt must match: the entry of a child may be out of date.
            for entry in entries {
                // A task that has just ended may still have killed the worker.
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

    /// What a worker considered dead had begun.
    package enum Begun: Sendable {
        case nothing
        case these([FlightRecord.Entry])
        case unknown
    }

    /// Returns all messages of a worker to their queues, and their number.
    ///
    /// - Parameter started: Whether any of the messages may have begun. For a dead worker that is unknown, so all attempts
    ///   count: an attempt number is never used twice.
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
