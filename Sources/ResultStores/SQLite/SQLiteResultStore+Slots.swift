package import CeleryCore
import CeleryDB

extension SQLiteResultStore: SlotKeeping {
    package func claim(_ claims: [SlotClaim], by worker: String, for lease: Duration) async throws -> [Bool] {
        guard !claims.isEmpty else { return [] }
        let now = self.now().seconds
        // Those who wait look often, and mostly in vain.
        guard try await file.read({ db in try claims.contains { try LentSlotTable.hasRoom(for: $0, now: now, in: db) } }) else {
            return claims.map { _ in false }
        }
        return try await file.write(durable: false) { db in
            try LentSlotTable.claim(claims, by: worker, now: now, until: now + lease.inSeconds, in: db)
        }
    }

    package func leaveSlots(_ holders: [String]?, of worker: String) async throws {
        try await file.write(durable: false) { try LentSlotTable.leave(holders, of: worker, in: $0) }
    }

    package func holders(of task: String, key: String) async throws -> [TaskID] {
        let now = self.now().seconds
        return try await file.read { try LentSlotTable.holders(of: task, key: key, now: now, in: $0) }
    }

    package func renewSlots(of worker: String, for lease: Duration) async throws {
        let until = now().seconds + lease.inSeconds
        try await file.write(durable: false) { try LentSlotTable.renew(of: worker, until: until, in: $0) }
    }
}
