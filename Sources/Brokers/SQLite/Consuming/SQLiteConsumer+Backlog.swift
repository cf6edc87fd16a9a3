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
            var room = LimitRoom(limits, now: now)
            for queue in open where count < most {
                count += try Self.waiting(in: queue, upTo: most - count, &room, in: db)
            }
            return min(count, most)
        }
    }

    /// Never counts a long queue to its end: of one in which much has to wait for its limits, a part.
    private static func waiting(in queue: String, upTo most: Int, _ room: inout LimitRoom, in db: Database) throws -> Int {
        let length = room.isUnlimited ? most : max(most, lookLimit)
        let ready = try db.cachedStatement(sql: """
            SELECT m.task FROM ready r CROSS JOIN message m ON m.tag = r.tag WHERE r.queue = ? ORDER BY r.rank, r.tag LIMIT ?
            """)
        let due = try db.cachedStatement(sql: """
            SELECT m.task FROM scheduled s CROSS JOIN message m ON m.tag = s.tag WHERE s.due <= ? AND m.queue = ? LIMIT ?
            """)
        var count = 0
        let looks: [(Statement, StatementArguments)] = [(ready, [queue, length]), (due, [room.now.seconds, queue, length])]
        for (statement, arguments) in looks {
            let tasks = try String.fetchCursor(statement, arguments: arguments)
            while count < most, let task = try tasks.next() {
                if try room.take(task, in: db) { count += 1 }
            }
        }
        return count
    }

    /// So many messages of a queue are looked at.
    private static let lookLimit = 1_000
}

/// How many more of each task may begin, as far as its limits are counted by its name alone.
private struct LimitRoom {
    let now: Timestamp
    private let limits: [String: TaskLimit]
    private var left: [String: Int] = [:]

    init(_ limits: [String: TaskLimit], now: Timestamp) {
        self.limits = limits
        self.now = now
    }

    var isUnlimited: Bool { limits.isEmpty }

    /// - Returns: whether one more may begin.
    mutating func take(_ task: String, in db: Database) throws -> Bool {
        guard let limit = limits[task] else { return true }
        let room = try left[task] ?? LimitTable.room(of: limit, now: now, in: db)
        left[task] = max(0, room - 1)
        return room > 0
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
                // One that cannot be read has no place among tasks.
                guard var message = try? encoded.message() else { continue }
                message.eta = Timestamp(seconds: row[4])
                messages.append(message)
            }
            return messages
        }
    }
}
