package import CeleryCore
package import SQLite

/// Places of limits whose messages are at another broker.
package enum LentSlotTable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS lent_place (
            -- a concurrency slot of a task whose message is at another broker
            worker TEXT NOT NULL, holder TEXT NOT NULL, task TEXT NOT NULL, key TEXT NOT NULL,
            -- of the message
            id TEXT NOT NULL,
            -- free from this time, unless its worker renews it (Unix seconds)
            until REAL NOT NULL,
            PRIMARY KEY (worker, holder)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS lent_place_line ON lent_place (task, key);
        """

    /// Takes a place for each, where there is room.
    package static func claim(
        _ claims: [SlotClaim], by worker: String, now: Double, until: Double, in db: Database
    ) throws -> [Bool] {
        try db.cachedStatement(sql: "DELETE FROM lent_place WHERE until <= ?").execute(arguments: [now])
        let take = try db.cachedStatement(sql: """
            INSERT OR REPLACE INTO lent_place (worker, holder, task, key, id, until) VALUES (?, ?, ?, ?, ?, ?)
            """)
        return try claims.map { claim in
            guard try hasRoom(for: claim, now: now, in: db) else { return false }
            try take.execute(arguments: [worker, claim.holder, claim.task, claim.key, claim.id.text, until])
            return true
        }
    }

    package static func hasRoom(for claim: SlotClaim, now: Double, in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT count(*) FROM lent_place WHERE task = ? AND key = ? AND until > ?")
        return try Int.fetchOne(statement, arguments: [claim.task, claim.key, now]) ?? 0 < claim.slots
    }

    /// - Parameter holders: `nil` for all of the worker.
    package static func leave(_ holders: [String]?, of worker: String, in db: Database) throws {
        guard let holders else { return try db.execute(sql: "DELETE FROM lent_place WHERE worker = ?", arguments: [worker]) }
        let leave = try db.cachedStatement(sql: "DELETE FROM lent_place WHERE worker = ? AND holder = ?")
        for holder in holders { try leave.execute(arguments: [worker, holder]) }
    }

    package static func holders(of task: String, key: String, now: Double, in db: Database) throws -> [TaskID] {
        try String.fetchAll(
            db, sql: "SELECT id FROM lent_place WHERE task = ? AND key = ? AND until > ? ORDER BY until",
            arguments: [task, key, now]
        ).map { TaskID($0) }
    }

    package static func renew(of worker: String, until: Double, in db: Database) throws {
        try db.execute(sql: "UPDATE lent_place SET until = ? WHERE worker = ?", arguments: [until, worker])
    }
}
