import CeleryCore
import CeleryDB
import SQLite
import Synchronization

extension SQLiteConsumer: LeaseHolding {
    var leaseRenewalInterval: Duration { min(.seconds(1), broker.leaseLength / 6) }

    func renewLease() async throws -> [(worker: String, messages: Int)] {
        try broker.file.checkInPlace()
        let others = try await broker.file.read { [number] in try Self.others(than: number, in: $0) }
        forget(allBut: others)
        let dead = others.filter { $0.lost == nil && (broker.processLives($0.process) == false || isSilent($0)) }
        let forgotten = Timestamp(seconds: broker.now().seconds - LostWorkers.period.inSeconds)
        let isAnyForgotten = others.contains { $0.lost.map { $0 < forgotten } ?? false }
        // Renew at a third of the lease, so that an idle worker hardly ever writes.
        if !needsRenewal && dead.isEmpty && !isAnyForgotten { return [] }
        let gone = try await broker.file.write(waking: !dead.isEmpty, durable: false) { [self] db in
            // The write lock may have been long in coming; the lease counts from now.
            let now = broker.now()
            try holdLease(now: now, in: db)
            if isAnyForgotten { try WorkerTable.dropLost(before: forgotten, in: db) }
            return try dead.compactMap { worker -> (worker: OtherWorker, messages: Int)? in
                // Another worker may have found it first, or it renewed its lease.
                let until = try Double.fetchOne(
                    db, sql: "SELECT lease_until FROM worker WHERE number = ?", arguments: [worker.number])
                guard until == worker.leaseUntil else { return nil }
                try LeaseTable.layBlame(on: broker.begun(by: worker), of: worker.number, in: db)
                let messages = try LeaseTable.giveBackAll(of: worker.number, started: true, in: db)
                if let entry = try WorkerTable.entry(worker.number, in: db) {
                    let loss = Event.loss(of: worker.name, pid: entry.pid, queues: entry.queues, started: entry.started, at: now)
                    try EventTable.add([loss], broker.retention, now: now, in: db)
                }
                try WorkerTable.noteLoss(of: worker.number, at: now, in: db)
                _ = signs.withLock { $0.removeValue(forKey: worker.number) }
                return (worker, messages)
            }
        }
        // A hung worker may go on, and its children write to the record.
        for (worker, _) in gone where broker.processLives(worker.process) == false { broker.dropFlightRecord(of: worker.id) }
        return gone.map { ($0.worker.name, $0.messages) }
    }

    static func others(than number: Int64, in db: Database) throws -> [OtherWorker] {
        try Row.fetchAll(
            db, sql: "SELECT \(OtherWorker.columns) FROM worker WHERE number <> ?", arguments: [number]
        ).map(OtherWorker.init)
    }

    /// Whether a worker has not renewed its lease for the length of a lease.
    ///
    /// Measured from when this worker saw the lease change, not by the time of day: when the clock is set, or the machine has
    /// slept, all leases seem to have expired.
    func isSilent(_ worker: OtherWorker) -> Bool {
        let uptime = broker.uptime()
        return signs.withLock { signs in
            if let sign = signs[worker.number], sign.leaseUntil == worker.leaseUntil {
                return uptime - sign.seen > worker.leaseLength
            }
            signs[worker.number] = (worker.leaseUntil, uptime)
            return false
        }
    }

    /// Drops the signs of workers that are gone, or they would accumulate.
    private func forget(allBut others: [OtherWorker]) {
        signs.withLock { signs in
            guard signs.count > others.count else { return }
            let numbers = Set(others.map(\.number))
            signs = signs.filter { numbers.contains($0.key) }
        }
    }

    func announce(tasks: [String]) async throws {
        self.tasks.withLock { $0 = tasks }
        let names = WorkerTable.text(tasks)
        try await broker.file.write(durable: false) { [number] db in
            try db.execute(sql: "UPDATE worker SET tasks = ? WHERE number = ?", arguments: [names, number])
        }
    }
}

extension SQLiteBroker {
    /// A worker is dead at once when its process is gone, else when its lease has expired.
    func isDead(_ worker: OtherWorker, now: Timestamp) -> Bool {
        processLives(worker.process) == false || worker.leaseUntil < now.seconds
    }
}
