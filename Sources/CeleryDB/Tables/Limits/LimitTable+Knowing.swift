package import CeleryCore
package import SQLite

// What the limits let begin, and what a message waits for.
extension LimitTable {
    /// Number of messages in limit queues that may start now, counting up to `most`.
    package static func free(_ queues: [String], upTo most: Int, now: Timestamp, in db: Database) throws -> Int {
        let some = try db.cachedStatement(sql: "SELECT 1 FROM limit_line LIMIT 1")
        guard most > 0, !queues.isEmpty, try Int.fetchOne(some) != nil else { return 0 }
        let length = try db.cachedStatement(sql: """
            SELECT count(*) FROM (SELECT 1 FROM limited WHERE task = ? AND key = ? AND queue IN (\(marks(queues))) LIMIT \(most))
            """)
        var rates = RateTable()
        var count = 0
        for line in try lines(queues, now: now, in: db) where count < most {
            let waiting = try Int.fetchOne(length, arguments: [line.task, line.key] + StatementArguments(queues)) ?? 0
            let room = try room(of: line, isRated: try rates.time(of: line.task, now: now, in: db) != nil, in: db)
            count += min(waiting, room)
        }
        return min(count, most)
    }

    /// Whether a message of these queues waits for a slot kept by a task that was acknowledged before it ran: no lease shows it.
    package static func waitForKeptSlot(_ queues: [String], in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: """
            SELECT 1 FROM place p WHERE worker IS NOT NULL
            AND EXISTS (SELECT 1 FROM limited l WHERE l.task = p.task AND l.key = p.key AND l.queue IN (\(marks(queues)))) LIMIT 1
            """)
        return try Int.fetchOne(statement, arguments: StatementArguments(queues)) != nil
    }

    /// How many more messages of a task, not yet in a limit queue, may start now.
    package static func room(of limit: TaskLimit, now: Timestamp, in db: Database) throws -> Int {
        let line = Line(task: limit.task, key: limit.key, slots: limit.slots)
        guard try !hasWaiting(line, in: db) else { return 0 }
        var rates = RateTable()
        let next = try rates.time(of: limit.task, now: now, in: db)
        guard next.map({ $0 <= now }) ?? true else { return 0 }
        return try room(of: line, isRated: limit.rate != nil, in: db)
    }

    /// Free slots of a limit queue; a task with a rate starts one at a time.
    private static func room(of line: Line, isRated: Bool, in db: Database) throws -> Int {
        let most = isRated ? 1 : Int.max
        guard let slots = line.slots else { return most }
        return min(most, max(0, slots - (try occupied(line, in: db))))
    }

    /// What a message waits for.
    package static func wait(of id: TaskID, now: Timestamp, in db: Database) throws -> LimitWait? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT l.key, g.places, l.task FROM message m JOIN limited l ON l.task = m.task AND l.tag = m.tag
                JOIN limit_line g ON g.task = l.task AND g.key = l.key WHERE m.id = ?
                """,
            arguments: [id.text])
        guard let row else { return nil }
        let line = Line(task: row[2], key: row[0], slots: row[1])
        if let slots = line.slots, try !isFree(line, in: db) {
            let holders = try String.fetchAll(
                db, sql: "SELECT id FROM place WHERE task = ? AND key = ? ORDER BY tag",
                arguments: [line.task, line.key])
            return .slot(task: line.task, key: line.key, of: slots, heldBy: holders.map { TaskID($0) })
        }
        var rates = RateTable()
        if let bucket = try rates.bucket(of: line.task, in: db), bucket.time(now: now) > now {
            return .rate(task: line.task, interval: bucket.interval, next: bucket.time(now: now))
        }
        return .turn(task: line.task, key: line.key)
    }
}
