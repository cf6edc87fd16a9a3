import CeleryCore
import CeleryDB
import SQLite
import Wire

extension SQLiteConsumer: WaitingKnowing {
    var seesWhatIsDue: Bool { true }

    func waiting(upTo most: Int, within limits: [String: TaskLimit]) async throws -> Int {
        let queues = self.queues
        let now = broker.now()
        return try await broker.file.read { db in
            let open = try StandingCommandTable.open(queues, now: now, in: db).queues
            var count = try LimitTable.free(open, upTo: most, now: now, in: db)
            var capacity = LimitCapacity(limits, now: now)
            for queue in open where count < most {
                count += try Self.waiting(in: queue, upTo: most - count, &capacity, in: db)
            }
            return min(count, most)
        }
    }

    /// Looks at a bounded part of the queue when many messages have to wait for their limits.
    private static func waiting(in queue: String, upTo most: Int, _ capacity: inout LimitCapacity, in db: Database) throws -> Int {
        let length = capacity.isUnlimited ? most : max(most, lookLimit)
        let ready = try db.cachedStatement(sql: """
            SELECT m.task FROM ready r CROSS JOIN message m ON m.tag = r.tag WHERE r.queue = ? ORDER BY r.rank, r.tag LIMIT ?
            """)
        let due = try db.cachedStatement(sql: """
            SELECT m.task FROM scheduled s CROSS JOIN message m ON m.tag = s.tag WHERE s.due <= ? AND m.queue = ? LIMIT ?
            """)
        var count = 0
        let looks: [(Statement, StatementArguments)] = [(ready, [queue, length]), (due, [capacity.now.seconds, queue, length])]
        for (statement, arguments) in looks {
            let tasks = try String.fetchCursor(statement, arguments: arguments)
            while count < most, let task = try tasks.next() {
                if try capacity.take(task, in: db) { count += 1 }
            }
        }
        return count
    }

    /// Number of messages looked at per queue.
    private static let lookLimit = 1_000
}

/// How many more messages of each task may start, considering limits by task name only.
private struct LimitCapacity {
    let now: Timestamp
    private let limits: [String: TaskLimit]
    private var left: [String: Int] = [:]

    init(_ limits: [String: TaskLimit], now: Timestamp) {
        self.limits = limits
        self.now = now
    }

    var isUnlimited: Bool { limits.isEmpty }

    /// - Returns: Whether one more may start.
    mutating func take(_ task: String, in db: Database) throws -> Bool {
        guard let limit = limits[task] else { return true }
        let capacity = try left[task] ?? LimitTable.room(of: limit, now: now, in: db)
        left[task] = max(0, capacity - 1)
        return capacity > 0
    }
}

extension SQLiteConsumer: ScheduleKnowing {
    func scheduled(upTo most: Int) async throws -> [Message] {
        let queues = Set(self.queues)
        let now = broker.now().seconds
        return try await broker.file.read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT m.queue, m.headers, m.properties, m.body, s.due FROM scheduled s CROSS JOIN message m ON m.tag = s.tag
                    WHERE s.due > ? ORDER BY s.due, s.tag
                    """,
                arguments: [now])
            var messages: [Message] = []
            while messages.count < most, let row = try rows.next() {
                guard queues.contains(row[0]) else { continue }
                let encoded = EncodedMessage(row: row, from: 1, queue: row[0])
                // Skip unreadable messages: they name no task.
                guard var message = try? encoded.message() else { continue }
                message.eta = Timestamp(seconds: row[4])
                messages.append(message)
            }
            return messages
        }
    }
}
