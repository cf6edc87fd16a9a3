package import CeleryCore
import SQLite

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

extension SQLiteBroker: QueuePurging {
    package var queuesToPurge: [String]? { nil }

    package func purge(_ queues: [String]?) async throws -> [String: Int] {
        try await file.write { db in
            let names = try queues ?? String.fetchAll(
                db,
                sql: "SELECT DISTINCT queue FROM ready UNION SELECT queue FROM limited UNION SELECT m.queue FROM scheduled s JOIN message m ON m.tag = s.tag")
            var counts: [String: Int] = [:]
            for name in names {
                try db.execute(
                    sql: "DELETE FROM message WHERE queue = ? AND tag NOT IN (SELECT tag FROM lease)", arguments: [name])
                counts[name, default: 0] += db.changesCount
                try db.execute(sql: "DELETE FROM ready WHERE queue = ?", arguments: [name])
            }
            try db.execute(sql: "DELETE FROM scheduled WHERE tag NOT IN (SELECT tag FROM message)")
            try db.execute(sql: "DELETE FROM limited WHERE tag NOT IN (SELECT tag FROM message)")
            try db.execute(sql: "DELETE FROM limit_line WHERE (task, key) NOT IN (SELECT task, key FROM limited)")
            return counts
        }
    }
}

extension SQLiteBroker: KeyedPublishing {
    package func publish(_ message: Message, key: String, ttl: Duration) async throws -> TaskID {
        let now = self.now()
        return try await file.write(waking: true) { [ranking] db in
            try db.execute(sql: "DELETE FROM submission_key WHERE expires <= ?", arguments: [now.seconds])
            if let earlier = try String.fetchOne(db, sql: "SELECT id FROM submission_key WHERE key = ?", arguments: [key]) {
                return TaskID(earlier)
            }
            try MessageTable.insert(message, submitted: now, ranking: ranking, in: db)
            try db.execute(
                sql: "INSERT INTO submission_key (key, id, expires) VALUES (?, ?, ?)",
                arguments: [key, message.id.text, (now + ttl).seconds])
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
        try await file.write { db in
            var withdrawn: Set<TaskID> = []
            let find = try db.cachedStatement(sql: """
                SELECT tag, queue, rank, task FROM message WHERE id = ? AND tag NOT IN (SELECT tag FROM lease)
                """)
            for id in ids {
                guard let row = try Row.fetchOne(find, arguments: [id.text]) else { continue }
                let tag: Int64 = row[0]
                try db.execute(
                    sql: "DELETE FROM ready WHERE queue = ? AND rank = ? AND tag = ?", arguments: [row[1] as String, row[2] as Int, tag])
                if db.changesCount == 0, try LimitTable.withdraw(tag, of: row[3], in: db) == nil {
                    try db.execute(sql: "DELETE FROM scheduled WHERE tag = ?", arguments: [tag])
                }
                try MessageTable.delete([tag], in: db)
                withdrawn.insert(id)
            }
            return withdrawn
        }
    }
}
