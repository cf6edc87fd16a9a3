package import CeleryCore
import SQLite
import Wire

extension SQLiteBroker: Revoking {
    package func endsInto(_ store: any ResultStore) -> Bool { (store as? any SQLiteFileHolding)?.file === file }

    package func revoke(
        _ revocations: [Revocation], ending: @escaping @Sendable (Message, _ attempt: Int) -> Outcome
    ) async throws -> RevocationReport {
        let now = self.now()
        let expires = resultExpires.map { now.seconds + $0 }
        return try await file.write(waking: true) { [ranking] db in
            var report = RevocationReport()
            try OrderTable.dropEnded(now: now, in: db)
            for revocation in revocations {
                let found = try Self.messages(of: revocation, in: db)
                for message in found where message.isHeld { report.fates[message.id] = .held }
                for message in found where !message.isHeld {
                    guard let outcome = try Self.remove(message, ending, in: db) else { continue }
                    for result in outcome.results { try ResultTable.store(result, expires: expires, in: db) }
                    for next in outcome.followUps { try MessageTable.insertIfNew(next, submitted: now, ranking: ranking, in: db) }
                    report.fates[message.id] = .removed
                    report.removed.append(outcome)
                }
                if case .id(let id) = revocation.target, report.fates[id] == nil {
                    let state = try ResultTable.fetch(id, now: now, in: db)?.state
                    report.fates[id] = state?.isReady == true ? .finished : .unknown
                }
                // What is gone need not be kept out.
                if case .id(let id) = revocation.target, [.removed, .finished].contains(report.fates[id]) { continue }
                try OrderTable.add(revocation, in: db)
            }
            return report
        }
    }

    /// A message as it is found.
    private struct Found {
        var tag: Int64
        var id: TaskID
        var queue: String
        var rank: Int
        var isHeld: Bool
    }

    private static func messages(of revocation: Revocation, in db: Database) throws -> [Found] {
        let select = "SELECT m.tag, m.id, m.queue, m.rank, l.tag, m.headers, m.properties, m.body FROM message m LEFT JOIN lease l ON l.tag = m.tag"
        func found(_ row: Row) -> Found {
            Found(tag: row[0], id: TaskID(row[1]), queue: row[2], rank: row[3], isHeld: (row[4] as Int64?) != nil)
        }
        switch revocation.target {
        case .id(let id):
            return try Row.fetchAll(db.cachedStatement(sql: select + " WHERE m.id = ?"), arguments: [id.text]).map(found)
        case .task(let name):
            return try Row.fetchAll(
                db, sql: select + " WHERE m.task = ? AND m.submitted <= ?", arguments: [name, revocation.issued.seconds]
            ).map(found)
        case .header:
            var all: [Found] = []
            let rows = try Row.fetchCursor(db, sql: select + " WHERE m.submitted <= ?", arguments: [revocation.issued.seconds])
            while let row = try rows.next() {
                guard let message = try? EncodedMessage(row: row, from: 5, queue: row[2]).message(), revocation.covers(message) else { continue }
                all.append(found(row))
            }
            return all
        }
    }

    /// Takes a waiting message away. `nil` when it cannot be read; then it stays, and fails when a worker takes it.
    private static func remove(
        _ message: Found, _ ending: (Message, Int) -> Outcome, in db: Database
    ) throws -> Outcome? {
        let row = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT headers, properties, body, task FROM message WHERE tag = ?"), arguments: [message.tag])
        guard let row, let whole = try? EncodedMessage(row: row, from: 0, queue: message.queue).message() else { return nil }
        let place = try db.cachedStatement(sql: "DELETE FROM ready WHERE queue = ? AND rank = ? AND tag = ? RETURNING attempt")
        let waited = try Int.fetchOne(place, arguments: [message.queue, message.rank, message.tag])
        let later = try waited ?? Int.fetchOne(
            db, sql: "DELETE FROM scheduled WHERE tag = ? RETURNING attempt", arguments: [message.tag])
            ?? LimitTable.withdraw(message.tag, of: row[3], in: db)
        try MessageTable.delete([message.tag], in: db)
        return ending(whole, (later ?? 0) + 1)
    }
}

extension SQLiteBroker: OrderShowing {
    package func standingOrders() async throws -> StandingOrders {
        let now = self.now()
        return try await file.read { db in
            var orders = StandingOrders()
            orders.revocations = try OrderTable.revocations(after: 0, now: now, in: db).0
            orders.pauses = try OrderTable.pauses(now: now, in: db)
            return orders
        }
    }

    package func pause(_ queue: String, _ pause: QueuePause) async throws {
        let now = self.now()
        try await file.write(waking: true) { db in
            try OrderTable.dropEnded(now: now, in: db)
            try OrderTable.pause(queue, pause, in: db)
        }
    }

    package func resume(_ queue: String) async throws -> Bool {
        let now = self.now()
        return try await file.write(waking: true) { db in try OrderTable.resume(queue, now: now, in: db) }
    }

    package func pausedQueues() async throws -> [String: QueuePause] {
        let now = self.now()
        return try await file.read { db in try OrderTable.pauses(now: now, in: db) }
    }
}
