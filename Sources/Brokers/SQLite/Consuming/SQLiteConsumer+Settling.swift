import CeleryCore
import CeleryDB
import SQLite

extension SQLiteConsumer: AtomicSettling {
    func settleAtomically(_ outcomes: [Outcome]) async throws -> [Bool] {
        guard !outcomes.isEmpty else { return [] }
        return try await broker.settlements.add([SQLiteSettlement(worker: number, outcomes: outcomes)])
    }

    func settlesInto(_ store: any ResultStore) -> Bool {
        (store as? any SQLiteFileHolding)?.file === broker.file
    }

    func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        try await settleAtomically(
            outcomes.map { outcome in
                var settled = outcome
                settled.results = []
                settled.output = nil
                return settled
            })
    }

    func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws {
        guard !handles.isEmpty else { return }
        try await broker.file.write(waking: true) { [number] db in
            for handle in handles {
                _ = try LeaseTable.giveBack(handle, of: number, started: started, in: db)
            }
        }
    }

    func giveBack(crashed handles: [DeliveryHandle]) async throws {
        try await broker.file.write(waking: true) { [number] db in
            let crash = try db.cachedStatement(sql: "UPDATE message SET crashes = crashes + 1 WHERE tag = ?")
            for handle in handles where try LeaseTable.giveBack(handle, of: number, started: true, in: db) {
                try crash.execute(arguments: [handle.tag])
            }
        }
    }
}

extension SQLiteConsumer: LeaseChecking {
    func stillHolds(_ handles: [DeliveryHandle]) async throws -> [Bool] {
        let held = try await broker.file.read { [number] in try LeaseTable.attempts(of: number, in: $0) }
        return handles.map { held[$0.tag] == $0.attempt }
    }
}

extension SQLiteConsumer: BacklogKnowing {
    func backlog() async throws -> Int {
        let now = broker.now()
        let queues = self.queues
        return try await broker.file.read { db in
            // Messages in paused queues cannot finish.
            let open = try StandingCommandTable.open(queues, now: now, in: db).queues
            // Messages in limit queues are not due; one that may start stands for all.
            var count = try LimitTable.nextDue(open, now: now, in: db).map { $0 <= now ? 1 : 0 } ?? 0
            // A slot held without a lease is counted like a lease, which is counted below.
            if try LimitTable.waitForKeptSlot(open, in: db) { count += 1 }
            for queue in open {
                count += try Int.fetchOne(db, sql: "SELECT count(*) FROM ready WHERE queue = ?", arguments: [queue]) ?? 0
                count += try Int.fetchOne(
                    db,
                    sql: """
                        SELECT count(*) FROM scheduled s CROSS JOIN message m ON m.tag = s.tag
                        WHERE s.due <= ? AND m.queue = ?
                        """,
                    arguments: [now.seconds, queue]) ?? 0
                count += try Int.fetchOne(
                    db, sql: "SELECT count(*) FROM lease l CROSS JOIN message m ON m.tag = l.tag WHERE m.queue = ?",
                    arguments: [queue]) ?? 0
            }
            return count
        }
    }
}
