package import CeleryCore
package import SQLite
import Wire

/// Queues of due messages that may not start yet because of their task's limits, and the concurrency slots in use.
///
/// A message that may not start moves from its lease into the limit queue of its task and key, and back into a lease when its
/// turn comes: two moves, however many messages wait and for however long.
package enum LimitTable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS limited (
            -- a due message that may not start yet, in the limit queue of its task and key
            task TEXT NOT NULL, key TEXT NOT NULL, rank INTEGER NOT NULL, tag INTEGER NOT NULL,
            queue TEXT NOT NULL, attempt INTEGER NOT NULL,
            -- when it stops waiting (Unix seconds)
            expires REAL,
            PRIMARY KEY (task, key, rank, tag)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS limited_expires ON limited (queue, expires) WHERE expires IS NOT NULL;
        CREATE TABLE IF NOT EXISTS limit_line (
            -- a limit queue with waiting messages
            task TEXT NOT NULL, key TEXT NOT NULL,
            -- number of concurrency slots; NULL when only the rate is limited
            places INTEGER,
            -- the first message: older queues come first
            head INTEGER NOT NULL,
            PRIMARY KEY (task, key)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS limit_line_head ON limit_line (head);
        CREATE TABLE IF NOT EXISTS place (
            -- a message that holds a concurrency slot of its task and key
            tag INTEGER PRIMARY KEY, task TEXT NOT NULL, key TEXT NOT NULL,
            -- of the message
            id TEXT NOT NULL,
            -- the worker that runs it after acknowledging it; NULL while a lease exists
            worker INTEGER
        );
        CREATE INDEX IF NOT EXISTS place_line ON place (task, key);
        """

    /// Of the tables `place`, `lease` and `worker`.
    static let triggers = """
        -- a slot is held as long as its lease exists, however that ends, or as long as its worker lives
        CREATE TRIGGER IF NOT EXISTS lease_place AFTER DELETE ON lease BEGIN
            DELETE FROM place WHERE tag = OLD.tag AND worker IS NULL;
        END;
        CREATE TRIGGER IF NOT EXISTS worker_place AFTER DELETE ON worker BEGIN
            DELETE FROM place WHERE worker = OLD.number;
        END;
        """

    /// Limit queues considered at a time, oldest first.
    private static let lineLimit = 1_000

    package struct Line {
        package var task: String
        package var key: String
        package var slots: Int?
    }

    // MARK: Waiting

    /// Lets a delivery start, or moves it to its limit queue.
    ///
    /// - Returns: Whether it may start; `false` also when the worker no longer holds it.
    package static func admit(
        _ handle: DeliveryHandle, _ limit: TaskLimit, of worker: Int64, _ rates: inout RateTable, now: Timestamp, in db: Database
    ) throws -> Bool {
        let held = try db.cachedStatement(sql: "SELECT 1 FROM lease WHERE tag = ? AND worker = ? AND attempt = ?")
        guard try Int.fetchOne(held, arguments: [handle.tag, worker, handle.attempt]) != nil else { return false }
        let line = Line(task: limit.task, key: limit.key, slots: limit.slots)
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
        try open.execute(arguments: [line.task, line.key, line.slots, handle.tag])
    }

    // MARK: Starting

    /// Leases to a worker the messages whose turn has come, and expired ones, up to `maximum`. The oldest limit queue with a
    /// free slot comes first.
    package static func take(
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
    package static func lease(_ message: ReadyTable.Taken, from line: Line, to worker: Int64, now: Timestamp, in db: Database) throws {
        try remove(message.handle.tag, from: line, in: db)
        let lease = try db.cachedStatement(sql: "INSERT INTO lease (tag, worker, attempt, since) VALUES (?, ?, ?, ?)")
        try lease.execute(arguments: [message.handle.tag, worker, message.handle.attempt, now.seconds])
    }

    /// Whether any message waits for its limits.
    package static func hasAny(in db: Database) throws -> Bool {
        try Int.fetchOne(db.cachedStatement(sql: "SELECT 1 FROM limit_line LIMIT 1")) != nil
    }

    /// When the next message of these queues may leave its limit queue or expires there, if no slot becomes free before; a past
    /// time when it may leave now.
    package static func nextDue(_ queues: [String], now: Timestamp, in db: Database) throws -> Timestamp? {
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
    static func lines(_ queues: [String], now: Timestamp?, in db: Database) throws -> [Line] {
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
        while let row = try rows.next() { lines.append(Line(task: row[0], key: row[1], slots: row[2])) }
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
    package static let columns = "m.id, m.queue, m.headers, m.properties, m.body, l.rank, l.tag, l.attempt, m.crashes, m.doubts"

    /// Reads these columns; `nil` when the message is gone.
    package static func message(_ row: Row) throws -> ReadyTable.Taken? {
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
    package static func renew(_ line: Line, in db: Database) throws {
        let first = try db.cachedStatement(sql: "SELECT tag FROM limited WHERE task = ? AND key = ? ORDER BY rank, tag LIMIT 1")
        if let head = try Int64.fetchOne(first, arguments: [line.task, line.key]) {
            let update = try db.cachedStatement(sql: "UPDATE limit_line SET head = ? WHERE task = ? AND key = ?")
            try update.execute(arguments: [head, line.task, line.key])
        } else {
            let close = try db.cachedStatement(sql: "DELETE FROM limit_line WHERE task = ? AND key = ?")
            try close.execute(arguments: [line.task, line.key])
        }
    }

    package static func marks(_ queues: [String]) -> String { queues.map { _ in "?" }.joined(separator: ",") }

    // MARK: Slots

    static func hasWaiting(_ line: Line, in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM limit_line WHERE task = ? AND key = ?")
        return try Int.fetchOne(statement, arguments: [line.task, line.key]) != nil
    }

    static func isFree(_ line: Line, in db: Database) throws -> Bool {
        guard let slots = line.slots else { return true }
        return try occupied(line, in: db) < slots
    }

    /// How many slots of a line are taken.
    static func occupied(_ line: Line, in db: Database) throws -> Int {
        let statement = try db.cachedStatement(sql: "SELECT count(*) FROM place WHERE task = ? AND key = ?")
        return try Int.fetchOne(statement, arguments: [line.task, line.key]) ?? 0
    }

    private static func occupy(_ line: Line, _ tag: Int64, in db: Database) throws {
        guard line.slots != nil else { return }
        let statement = try db.cachedStatement(sql: """
            INSERT OR REPLACE INTO place (tag, task, key, id) SELECT tag, ?, ?, id FROM message WHERE tag = ?
            """)
        try statement.execute(arguments: [line.task, line.key, tag])
    }

    /// Keeps the slot of a message whose lease is about to end.
    package static func keepSlot(of tag: Int64, for worker: Int64, in db: Database) throws {
        try db.cachedStatement(sql: "UPDATE place SET worker = ? WHERE tag = ?").execute(arguments: [worker, tag])
    }

    /// Frees slots that a worker kept.
    package static func leaveSlots(of tags: [Int64], by worker: Int64, in db: Database) throws {
        let statement = try db.cachedStatement(sql: "DELETE FROM place WHERE tag = ? AND worker = ?")
        for tag in tags { try statement.execute(arguments: [tag, worker]) }
    }
}
