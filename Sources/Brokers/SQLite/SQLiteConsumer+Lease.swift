import CeleryCore
import GRDB
import SQLite

extension SQLiteConsumer: LeaseHolding {
    var leaseRenewalInterval: Duration { .seconds(1) }

    func renewLease() async throws -> [(worker: String, messages: Int)] {
        try broker.file.checkInPlace()
        let now = broker.now()
        let (lease, others) = try await broker.file.read { [number] db in
            (
                try Double.fetchOne(db, sql: "SELECT lease_until FROM worker WHERE number = ?", arguments: [number]),
                try Row.fetchAll(db, sql: "SELECT number, name, process, lease_until FROM worker WHERE number <> ?", arguments: [number])
                    .map { OtherWorker(number: $0[0], name: $0[1], process: $0[2], leaseUntil: $0[3]) }
            )
        }
        let dead = others.filter { broker.isDead($0, now: now) }
        // Renewed at a third of its length, so that an idle worker hardly ever writes.
        let isFresh = lease.map { $0 - now.seconds > Self.leaseLength.inSeconds * 2 / 3 } ?? false
        if isFresh && dead.isEmpty { return [] }
        return try await broker.file.write(waking: !dead.isEmpty, durable: false) { [self] db in
            // The turn to write may have been long in coming; a lease counts from now.
            try holdLease(now: broker.now(), in: db)
            return try dead.compactMap { worker in
                // Another worker may have found it first, or it came back.
                let until = try Double.fetchOne(
                    db, sql: "SELECT lease_until FROM worker WHERE number = ?", arguments: [worker.number])
                guard until == worker.leaseUntil else { return nil }
                let messages = try LeaseTable.giveBackAll(of: worker.number, started: true, in: db)
                try db.execute(sql: "DELETE FROM worker WHERE number = ?", arguments: [worker.number])
                return (worker.name, messages)
            }
        }
    }

    func announce(tasks: [String]) async throws {
        let names = JSON.array(tasks.map(JSON.string)).text(style: .compact)
        try await broker.file.write(durable: false) { [number] db in
            try db.execute(sql: "UPDATE worker SET tasks = ? WHERE number = ?", arguments: [names, number])
        }
    }
}

/// Another worker's row.
struct OtherWorker: Sendable {
    var number: Int64
    var name: String
    var process: String
    var leaseUntil: Double
}

extension SQLiteBroker {
    /// Dead at once when its process is gone, else when its lease has run out.
    func isDead(_ worker: OtherWorker, now: Timestamp) -> Bool {
        processLives(worker.process) == false || worker.leaseUntil < now.seconds
    }
}
