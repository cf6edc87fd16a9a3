package import CeleryCore
import SQLite

extension SQLiteResultStore: PlaceKeeping {
    package func claim(_ claims: [PlaceClaim], by worker: String, for lease: Duration) async throws -> [Bool] {
        guard !claims.isEmpty else { return [] }
        let now = self.now().seconds
        // Waiting workers look often and mostly in vain: look without the write lock first.
        guard try await file.read({ db in try claims.contains { try Self.hasFreeSlot(for: $0, now: now, in: db) } }) else {
            return claims.map { _ in false }
        }
        return try await file.write(durable: false) { db in
            try db.cachedStatement(sql: "DELETE FROM lent_place WHERE until <= ?").execute(arguments: [now])
            let take = try db.cachedStatement(sql: """
                INSERT OR REPLACE INTO lent_place (worker, holder, task, key, id, until) VALUES (?, ?, ?, ?, ?, ?)
                """)
            return try claims.map { claim in
                guard try Self.hasFreeSlot(for: claim, now: now, in: db) else { return false }
                try take.execute(arguments: [worker, claim.holder, claim.task, claim.key, claim.id.text, now + lease.inSeconds])
                return true
            }
        }
    }

    package func leavePlaces(_ holders: [String]?, of worker: String) async throws {
        try await file.write(durable: false) { db in
            guard let holders else { return try db.execute(sql: "DELETE FROM lent_place WHERE worker = ?", arguments: [worker]) }
            let leave = try db.cachedStatement(sql: "DELETE FROM lent_place WHERE worker = ? AND holder = ?")
            for holder in holders { try leave.execute(arguments: [worker, holder]) }
        }
    }

    package func holders(of task: String, key: String) async throws -> [TaskID] {
        let now = self.now().seconds
        return try await file.read { db in
            try String.fetchAll(
                db, sql: "SELECT id FROM lent_place WHERE task = ? AND key = ? AND until > ? ORDER BY until",
                arguments: [task, key, now]
            ).map { TaskID($0) }
        }
    }

    package func renewPlaces(of worker: String, for lease: Duration) async throws {
        let until = now().seconds + lease.inSeconds
        try await file.write(durable: false) { db in
            try db.execute(sql: "UPDATE lent_place SET until = ? WHERE worker = ?", arguments: [until, worker])
        }
    }

    private static func hasFreeSlot(for claim: PlaceClaim, now: Double, in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT count(*) FROM lent_place WHERE task = ? AND key = ? AND until > ?")
        return try Int.fetchOne(statement, arguments: [claim.task, claim.key, now]) ?? 0 < claim.places
    }
}
