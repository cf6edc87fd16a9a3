import CeleryCore
import CeleryDB
import SQLite

extension SQLiteConsumer: AtomicSettling {
    func settleAtomically(_ outcomes: [Outcome]) async throws -> [Bool] {
        guard !outcomes.isEmpty else { return [] }
        let now = broker.now()
        let expires = broker.resultExpires.map { now.seconds + $0 }
        let outputExpires = broker.outputExpires.map { now.seconds + $0 }
        return try await broker.file.write(waking: true) { [number, ranking = broker.ranking, limit = broker.argumentLimit] db in
            // The fence: an outcome counts only for a lease still held.
            let counted = try outcomes.map { outcome in
                // Before the lease ends, since the slot would be freed with it.
                if outcome.keepsSlot, try LeaseTable.isHeld(outcome.handle, by: number, in: db) {
                    try LimitTable.keepSlot(of: outcome.handle.tag, for: number, in: db)
                }
                return try LeaseTable.end(outcome.handle, of: number, in: db)
            }
            let standing = zip(outcomes, counted).compactMap { $1 ? $0 : nil }
            var done: [Int64] = []
            for outcome in standing {
                for message in outcome.followUps { try MessageTable.insertIfNew(message, submitted: now, ranking: ranking, in: db) }
                for result in outcome.results { try ResultTable.store(result, of: outcome.handle.tag, keeping: limit, expires: expires, now: now, in: db) }
                if let output = outcome.output { try OutputTable.keep(output, expires: outputExpires, in: db) }
                switch outcome.disposition {
                case .acknowledge:
                    done.append(outcome.handle.tag)
                case .retry(let message):
                    try MessageTable.retry(
                        outcome.handle.tag, with: message, attempt: outcome.handle.attempt, now: now, ranking: ranking, in: db)
                case .bury(_, let burial):
                    try DeadLetterTable.bury(outcome.handle.tag, burial, in: db)
                    done.append(outcome.handle.tag)
                }
            }
            try MessageTable.delete(done, in: db)
            return counted
        }
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
