package import CeleryCore
import CeleryDB
import SQLite
import Wire

extension SQLiteBroker: QueueCounting {
    package func queues() async throws -> [QueueCount] {
        let now = self.now()
        return try await file.read { db in
            var counts: [String: QueueCount] = [:]
            func add(_ sql: String, _ arguments: StatementArguments = [], _ count: (inout QueueCount, Int) -> Void) throws {
                for row in try Row.fetchAll(db, sql: sql, arguments: arguments) {
                    let name: String = row[0]
                    count(&counts[name, default: QueueCount(name: name, ready: 0, scheduled: 0, running: 0, consumers: 0)], row[1])
                }
            }
            let join = "CROSS JOIN message m ON m.tag = x.tag"
            try add("SELECT queue, count(*) FROM ready GROUP BY queue") { $0.ready += $1 }
            try add("SELECT m.queue, count(*) FROM limited x \(join) GROUP BY m.queue") { $0.ready += $1 }
            try add("SELECT m.queue, count(*) FROM scheduled x \(join) WHERE x.due <= ? GROUP BY m.queue", [now.seconds]) { $0.ready += $1 }
            try add("SELECT m.queue, count(*) FROM scheduled x \(join) WHERE x.due > ? GROUP BY m.queue", [now.seconds]) { $0.scheduled = ($0.scheduled ?? 0) + $1 }
            try add("SELECT m.queue, count(*) FROM lease x \(join) GROUP BY m.queue") { $0.running = ($0.running ?? 0) + $1 }
            for worker in try WorkerTable.all(in: db) where !self.isDead(worker.row, now: now) {
                for queue in worker.queues {
                    counts[queue, default: QueueCount(name: queue, ready: 0, scheduled: 0, running: 0, consumers: 0)].consumers += 1
                }
            }
            return counts.values.sorted { $0.name < $1.name }
        }
    }
}

extension SQLiteBroker: TaskIDListing {
    package func taskIDs(startingWith prefix: String, limit: Int) async throws -> [TaskID] {
        try await file.read { try IDColumn.ids(in: "message", startingWith: prefix, limit: limit, of: $0) }
    }
}

extension SQLiteBroker: QueuePurging {
    package var queuesToPurge: [String]? { nil }

    /// Purges a few messages per transaction, so that other processes can write in between; an interrupted purge leaves the
    /// rest. Messages that arrive meanwhile stay.
    package func purge(_ queues: [String]?, progress: @Sendable (Int) -> Void) async throws -> [String: Int] {
        let (names, last) = try await file.read { db in
            let names = try queues ?? String.fetchAll(
                db,
                sql: "SELECT DISTINCT queue FROM ready UNION SELECT queue FROM limited UNION SELECT m.queue FROM scheduled s JOIN message m ON m.tag = s.tag")
            return (names, try Int64.fetchOne(db, sql: "SELECT max(tag) FROM message") ?? 0)
        }
        var counts: [String: Int] = [:]
        var total = 0
        var size = PieceSize()
        for name in names {
            counts[name] = counts[name] ?? 0
            // Messages that become due meanwhile move from the first table to the second.
            for place in QueuePurge.Place.allCases {
                var purge = QueuePurge(queue: name, place: place, lastTag: last)
                while !purge.isDone {
                    let (next, count, duration) = try await file.write(durable: false) { [purge, size] db in
                        let start = ContinuousClock.now
                        var next = purge
                        let count = try next.removeSome(size.rows, in: db)
                        return (next, count, ContinuousClock.now - start)
                    }
                    purge = next
                    size.note(duration)
                    counts[name, default: 0] += count
                    total += count
                    progress(total)
                    try await file.letOthersWrite()
                }
            }
        }
        // A purged message must not come back after a power failure.
        if total > 0 { try await file.write { _ in } }
        return counts
    }
}

extension SQLiteConsumer: SpaceReturning {
    func returnSpace(within limit: Duration) async throws -> Bool {
        guard try await broker.file.space().isWasted else { return false }
        try await broker.file.giveBackSpace(until: .now + limit)
        return try await broker.file.space().isWasted
    }
}

extension SQLiteBroker: KeyedPublishing {
    /// One in this many submissions by key looks for expired keys; it drops up to twice as many.
    private static let submissionsPerLook = 100

    package func publish(_ message: Message, key: String, ttl: Duration) async throws -> TaskID {
        let now = self.now()
        // Looked for without the lock, and seldom, since it may read the whole table.
        let ended = Int.random(in: 0..<Self.submissionsPerLook) > 0 ? [] : try await file.read { try SubmissionKeyTable.ended(now: now, in: $0) }
        return try await file.write(waking: true) { [ranking] db in
            try SubmissionKeyTable.forget(ended + [key], now: now, in: db)
            if let earlier = try SubmissionKeyTable.id(of: key, in: db) { return earlier }
            try MessageTable.insert(message, submitted: now, ranking: ranking, in: db)
            try SubmissionKeyTable.add(key, message.id, until: now + ttl, in: db)
            return message.id
        }
    }
}

extension SQLiteBroker: MessageLocating {
    package func locate(_ ids: [TaskID]) async throws -> [TaskID: MessageLocation] {
        try await file.read { db in
            let statement = try db.cachedStatement(sql: """
                SELECT m.task, m.queue, m.retries, m.submitted, r.attempt, s.attempt, s.due, l.attempt, l.since, w.name
                FROM message m
                LEFT JOIN ready r ON r.queue = m.queue AND r.rank = m.rank AND r.tag = m.tag
                LEFT JOIN lease l ON l.tag = m.tag
                LEFT JOIN worker w ON w.number = l.worker
                LEFT JOIN scheduled s ON r.tag IS NULL AND l.tag IS NULL AND s.tag = m.tag
                WHERE m.id = ?
                """)
            var found: [TaskID: MessageLocation] = [:]
            for id in ids {
                guard let row = try Row.fetchOne(statement, arguments: [id.text]) else { continue }
                let retries: Int = row[2]
                let leased: Int? = row[7]
                var location = MessageLocation(
                    task: row[0], queue: row[1],
                    state: leased != nil ? .started : retries > 0 ? .retry : .pending,
                    attempt: leased ?? row[4] ?? row[5] ?? 0, retries: retries)
                location.submitted = Timestamp(seconds: row[3])
                location.eta = (row[6] as Double?).map(Timestamp.init)
                location.started = (row[8] as Double?).map(Timestamp.init)
                location.worker = row[9]
                found[id] = location
            }
            return found
        }
    }
}

extension SQLiteBroker: WorkerListing {
    package var knowsWorkers: Bool { true }

    package func workers() async throws -> [WorkerReport] {
        let now = self.now()
        return try await file.read { db in
            try WorkerTable.all(in: db).filter { !self.isDead($0.row, now: now) }.map { worker in
                let running = try Row.fetchAll(
                    db,
                    sql: """
                        SELECT m.id, m.task, l.attempt, l.since FROM lease l CROSS JOIN message m ON m.tag = l.tag
                        WHERE l.worker = ? ORDER BY l.since, l.tag
                        """,
                    arguments: [worker.row.number]
                ).map { WorkerReport.RunningTask(id: TaskID($0[0]), task: $0[1], attempt: $0[2], started: Timestamp(seconds: $0[3])) }
                return WorkerReport(
                    name: worker.row.name, pid: worker.pid, queues: worker.queues, started: worker.started,
                    running: running, tasks: worker.tasks)
            }
        }
    }
}

extension SQLiteBroker: MessageWithdrawing {
    package func withdraw(_ ids: [TaskID]) async throws -> Set<TaskID> {
        var withdrawn: Set<TaskID> = []
        var rest = ids[...]
        var size = PieceSize()
        while !rest.isEmpty {
            let some = Array(rest.prefix(size.rows))
            rest = rest.dropFirst(some.count)
            let (gone, duration) = try await file.write { db in
                let start = ContinuousClock.now
                return (try some.filter { try Self.withdraw($0, in: db) }, ContinuousClock.now - start)
            }
            withdrawn.formUnion(gone)
            size.note(duration)
            if !rest.isEmpty { try await file.letOthersWrite() }
        }
        return withdrawn
    }

    /// - Returns: `false` when the message does not exist or a worker holds it.
    private static func withdraw(_ id: TaskID, in db: Database) throws -> Bool {
        let find = try db.cachedStatement(sql: """
            SELECT tag, queue, rank, task, headers, properties, body FROM message WHERE id = ? AND tag NOT IN (SELECT tag FROM lease)
            """)
        guard let row = try Row.fetchOne(find, arguments: [id.text]) else { return false }
        let due = (try? EncodedMessage(row: row, from: 4, queue: row[1]).message())?.eta?.seconds
        try MessageTable.remove(row[0], queue: row[1], rank: row[2], task: row[3], due: due, in: db)
        return true
    }
}
