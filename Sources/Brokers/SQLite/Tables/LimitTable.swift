import CeleryCore
import SQLite
import Wire

/// Queues of due messages that may not start yet because of their task's limits, and the concurrency slots in use.
///
/// A message that may not start moves from its lease into the limit queue of its task and key, and back into a lease when its
/// turn comes: two moves, however many messages wait and for however long.
enum LimitTable {
    /// Limit queues considered at a time, oldest first.
    private static let lineLimit = 1_000

    struct Line {
        var task: String
        var key: String
        var places: Int?
    }

    // MARK: Waiting

    /// Lets a delivery start, or moves it to its limit queue.
    ///
    /// - Returns: Whether it may start; `false` also when the worker no longer holds it.
    static func admit(
        _ handle: DeliveryHandle, _ limit: TaskLimit, of worker: Int64, _ rates: inout RateTable, now: Timestamp, in db: Database
    ) throws -> Bool {
        let held = try db.cachedStatement(sql: "SELECT 1 FROM lease WHERE tag = ? AND worker = ? AND attempt = ?")
        guard try Int.fetchOne(held, arguments: [handle.tag, worker, handle.attempt]) != nil else { return false }
        let line = Line(task: limit.task, key: limit.key, places: limit.places)
        if try !hasWaiting(line, in: db), try isFree(line, in: db),
            try limit.rate == nil || rates.take(line.task, now: now, in: db)
        {
            try occupy(line, handle.tag, in: db)
            return true
        }
        try park(handle, of: worker, in: line, expires: limit.expires, in: db)
        return false
    }

    private static func park(
        _ handle: DeliveryHandle, of worker: Int64, in line: Line, expires: Timestamp?, in db: Database
    ) throws {
        guard try LeaseTable.end(handle, of: worker, in: db) else { return }
        let statement = try db.cachedStatement(sql: """
            INSERT INTO limited (task, key, rank, tag, queue, attempt, expires)
            SELECT ?, ?, rank, tag, queue, ?, ? FROM message WHERE tag = ?
            """)
        try statement.execute(arguments: [line.task, line.key, handle.attempt - 1, expires?.seconds, handle.tag])
        let open = try db.cachedStatement(sql: """
            INSERT INTO limit_line (task, key, places, head) VALUES (?, ?, ?, ?)
            ON CONFLICT (task, key) DO UPDATE SET places = excluded.places, head = min(head, excluded.head)
            """)
        try open.execute(arguments: [line.task, line.key, line.places, handle.tag])
    }

    // MARK: Starting

    /// Leases to a worker the messages whose turn has come, and expired ones, up to `maximum`. The oldest limit queue with a
    /// free slot comes first.
    static func take(
        _ maximum: Int, from queues: [String], worker: Int64, now: Timestamp, in db: Database
    ) throws -> [ReadyTable.Taken] {
        guard try hasAny(in: db) else { return [] }
        let lines = try lines(queues, now: now, in: db)
        var taken = try takeExpired(maximum, from: queues, worker: worker, now: now, in: db)
        guard !lines.isEmpty else { return taken }
        var rates = RateTable()
        for line in lines {
            guard taken.count < maximum else { break }
            var isChanged = false
            while taken.count < maximum, try isFree(line, in: db) {
                guard try rates.time(of: line.task, now: now, in: db).map({ $0 <= now }) ?? true else { break }
                guard let first = try first(of: line, queues, &isChanged, in: db) else { break }
                isChanged = true
                _ = try rates.take(line.task, now: now, in: db)
                try lease(first, from: line, to: worker, now: now, in: db)
                try occupy(line, first.handle.tag, in: db)
                taken.append(first)
            }
            if isChanged { try renew(line, in: db) }
        }
        try rates.save(in: db)
        return taken
    }

    /// Moves a message from its limit queue into a lease.
    static func lease(_ message: ReadyTable.Taken, from line: Line, to worker: Int64, now: Timestamp, in db: Database) throws {
        try remove(message.handle.tag, from: line, in: db)
        let lease = try db.cachedStatement(sql: "INSERT INTO lease (tag, worker, attempt, since) VALUES (?, ?, ?, ?)")
        try lease.execute(arguments: [message.handle.tag, worker, message.handle.attempt, now.seconds])
    }

    /// Whether any message waits for its limits.
    static func hasAny(in db: Database) throws -> Bool {
        try Int.fetchOne(db.cachedStatement(sql: "SELECT 1 FROM limit_line LIMIT 1")) != nil
    }

    /// When the next message of these queues may leave its limit queue or expires there, if no slot becomes free before; a past
    /// time when it may leave now.
    static func nextDue(_ queues: [String], now: Timestamp, in db: Database) throws -> Timestamp? {
        guard try hasAny(in: db) else { return nil }
        var rates = RateTable()
        var next = try nextExpiry(queues, in: db)
        for line in try lines(queues, now: nil, in: db) where try isFree(line, in: db) {
            let time = try rates.time(of: line.task, now: now, in: db) ?? Timestamp(seconds: 0)
            next = next.map { min($0, time) } ?? time
        }
        return next
    }

    /// The limit queues with messages of these queues.
    ///
    /// - Parameter now: Excludes limit queues whose rate allows no start at this time; `nil` excludes none.
    private static func lines(_ queues: [String], now: Timestamp?, in db: Database) throws -> [Line] {
        let statement = try db.cachedStatement(sql: """
            SELECT task, key, places FROM limit_line f
            WHERE task NOT IN (SELECT task FROM rate_limit WHERE next > ?1 AND next <= ?1 + interval + ?2)
            AND EXISTS (SELECT 1 FROM limited l WHERE l.task = f.task AND l.key = f.key AND l.queue IN (\(marks(queues))))
            ORDER BY head LIMIT \(lineLimit)
            """)
        let rows = try Row.fetchCursor(
            statement,
            arguments: [now?.seconds ?? .greatestFiniteMagnitude, TokenTime.clockTolerance] + StatementArguments(queues))
        var lines: [Line] = []
        while let row = try rows.next() { lines.append(Line(task: row[0], key: row[1], places: row[2])) }
        return lines
    }

    /// The first message of a limit queue that belongs to these queues. Removes rows of purged or withdrawn messages.
    private static func first(
        of line: Line, _ queues: [String], _ isChanged: inout Bool, in db: Database
    ) throws -> ReadyTable.Taken? {
        while true {
            let row = try Row.fetchOne(
                db.cachedStatement(sql: """
                    SELECT \(columns) FROM limited l LEFT JOIN message m ON m.tag = l.tag
                    WHERE l.task = ? AND l.key = ? AND l.queue IN (\(marks(queues))) ORDER BY l.rank, l.tag LIMIT 1
                    """),
                arguments: [line.task, line.key] + StatementArguments(queues))
            guard let row else { return nil }
            if let message = try message(row) { return message }
            try remove(row[6], from: line, in: db)
            isChanged = true
        }
    }

    /// Columns of a message `m` and its row `l` in a limit queue.
    static let columns = "m.id, m.queue, m.headers, m.properties, m.body, l.rank, l.tag, l.attempt, m.crashes, m.doubts"

    /// Reads these columns; `nil` when the message is gone.
    static func message(_ row: Row) throws -> ReadyTable.Taken? {
        guard let id: String = row[0] else { return nil }
        return ReadyTable.Taken(
            id: id, handle: DeliveryHandle(tag: row[6], attempt: row[7] + 1),
            encoded: EncodedMessage(row: row, from: 2, queue: row[1]), crashes: row[8], doubts: row[9], rank: row[5])
    }

    private static func remove(_ tag: Int64, from line: Line, in db: Database) throws {
        let statement = try db.cachedStatement(sql: "DELETE FROM limited WHERE task = ? AND key = ? AND tag = ?")
        try statement.execute(arguments: [line.task, line.key, tag])
    }

    /// Updates the head of a limit queue, or deletes an empty one.
    static func renew(_ line: Line, in db: Database) throws {
        let first = try db.cachedStatement(sql: "SELECT tag FROM limited WHERE task = ? AND key = ? ORDER BY rank, tag LIMIT 1")
        if let head = try Int64.fetchOne(first, arguments: [line.task, line.key]) {
            let update = try db.cachedStatement(sql: "UPDATE limit_line SET head = ? WHERE task = ? AND key = ?")
            try update.execute(arguments: [head, line.task, line.key])
        } else {
            let close = try db.cachedStatement(sql: "DELETE FROM limit_line WHERE task = ? AND key = ?")
            try close.execute(arguments: [line.task, line.key])
        }
    }

    static func marks(_ queues: [String]) -> String { queues.map { _ in "?" }.joined(separator: ",") }

    // MARK: Slots

    private static func hasWaiting(_ line: Line, in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM limit_line WHERE task = ? AND key = ?")
        return try Int.fetchOne(statement, arguments: [line.task, line.key]) != nil
    }

    private static func isFree(_ line: Line, in db: Database) throws -> Bool {
        guard let places = line.places else { return true }
        let statement = try db.cachedStatement(sql: "SELECT count(*) FROM place WHERE task = ? AND key = ?")
        return try Int.fetchOne(statement, arguments: [line.task, line.key]) ?? 0 < places
    }

    private static func occupy(_ line: Line, _ tag: Int64, in db: Database) throws {
        guard line.places != nil else { return }
        let statement = try db.cachedStatement(sql: """
            INSERT OR REPLACE INTO place (tag, task, key, id) SELECT tag, ?, ?, id FROM message WHERE tag = ?
            """)
        try statement.execute(arguments: [line.task, line.key, tag])
    }

    /// Keeps the slot of a message whose lease is about to end.
    static func keepPlace(of tag: Int64, for worker: Int64, in db: Database) throws {
        try db.cachedStatement(sql: "UPDATE place SET worker = ? WHERE tag = ?").execute(arguments: [worker, tag])
    }

    /// Frees slots that a worker kept.
    static func leavePlaces(of tags: [Int64], by worker: Int64, in db: Database) throws {
        let statement = try db.cachedStatement(sql: "DELETE FROM place WHERE tag = ? AND worker = ?")
        for tag in tags { try statement.execute(arguments: [tag, worker]) }
    }

    // MARK: Queries

    /// Number of messages in limit queues that may start now, counting up to `most`.
    static func free(_ queues: [String], upTo most: Int, now: Timestamp, in db: Database) throws -> Int {
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
    static func waitForKeptPlace(_ queues: [String], in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: """
            SELECT 1 FROM place p WHERE worker IS NOT NULL
            AND EXISTS (SELECT 1 FROM limited l WHERE l.task = p.task AND l.key = p.key AND l.queue IN (\(marks(queues)))) LIMIT 1
            """)
        return try Int.fetchOne(statement, arguments: StatementArguments(queues)) != nil
    }

    /// How many more messages of a task, not yet in a limit queue, may start now.
    static func room(of limit: TaskLimit, now: Timestamp, in db: Database) throws -> Int {
        let line = Line(task: limit.task, key: limit.key, places: limit.places)
        guard try !hasWaiting(line, in: db) else { return 0 }
        var rates = RateTable()
        let next = try rates.time(of: limit.task, now: now, in: db)
        guard next.map({ $0 <= now }) ?? true else { return 0 }
        return try room(of: line, isRated: limit.rate != nil, in: db)
    }

    /// Free slots of a limit queue; a task with a rate starts one at a time.
    private static func room(of line: Line, isRated: Bool, in db: Database) throws -> Int {
        let most = isRated ? 1 : Int.max
        guard let places = line.places else { return most }
        let statement = try db.cachedStatement(sql: "SELECT count(*) FROM place WHERE task = ? AND key = ?")
        return min(most, max(0, places - (try Int.fetchOne(statement, arguments: [line.task, line.key]) ?? 0)))
    }

    /// What a message waits for.
    static func wait(of id: TaskID, now: Timestamp, in db: Database) throws -> LimitWait? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT l.key, g.places, l.task FROM message m JOIN limited l ON l.task = m.task AND l.tag = m.tag
                JOIN limit_line g ON g.task = l.task AND g.key = l.key WHERE m.id = ?
                """,
            arguments: [id.text])
        guard let row else { return nil }
        let line = Line(task: row[2], key: row[0], places: row[1])
        if let places = line.places, try !isFree(line, in: db) {
            let holders = try String.fetchAll(
                db, sql: "SELECT id FROM place WHERE task = ? AND key = ? ORDER BY tag",
                arguments: [line.task, line.key])
            return .place(task: line.task, key: line.key, of: places, heldBy: holders.map { TaskID($0) })
        }
        let bucket = try Row.fetchOne(db, sql: "SELECT next, interval FROM rate_limit WHERE task = ?", arguments: [line.task])
            .map { TokenTime(next: $0[0], interval: $0[1]) }
        if let bucket, bucket.time(now: now) > now {
            return .rate(task: line.task, interval: bucket.interval, next: bucket.time(now: now))
        }
        return .turn(task: line.task, key: line.key)
    }
}
