package import CeleryCore
package import SQLite

/// The token buckets of tasks with a rate that a transaction has read.
package struct RateTable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS rate_limit (
            task TEXT PRIMARY KEY,
            -- seconds between starts
            interval REAL NOT NULL,
            -- the earliest next start (Unix seconds)
            next REAL NOT NULL,
            -- the interval last announced from the task's options, 0 for none; remote control may have set another since
            announced REAL NOT NULL DEFAULT 0
        ) WITHOUT ROWID;
        """

    private var known: [String: TokenTime?] = [:]
    private var changed: Set<String> = []
    private var announced: [String: Double] = [:]

    package init() {}

    /// When the next message of a task may start; `nil` without a rate.
    package mutating func time(of task: String, now: Timestamp, in db: Database) throws -> Timestamp? {
        try bucket(of: task, in: db)?.time(now: now)
    }

    /// Takes a token of a task.
    ///
    /// - Returns: `false` when there is none. Always `true` without a rate.
    package mutating func take(_ task: String, now: Timestamp, in db: Database) throws -> Bool {
        guard var bucket = try bucket(of: task, in: db) else { return true }
        guard bucket.take(now: now) else { return false }
        known[task] = bucket
        changed.insert(task)
        return true
    }

    /// Sets, changes or removes the rate of a task.
    package mutating func change(_ task: String, to rate: RateLimit?, in db: Database) throws {
        if let rate {
            var bucket = try bucket(of: task, in: db) ?? TokenTime(interval: rate.interval)
            bucket.change(to: rate.interval)
            known[task] = bucket
        } else {
            known[task] = .some(nil)
        }
        changed.insert(task)
    }

    /// Announces the rate in a task's options. A rate set by remote control stays until the options change.
    package mutating func announce(_ task: String, _ rate: RateLimit?, in db: Database) throws {
        let statement = try db.cachedStatement(sql: "SELECT announced FROM rate_limit WHERE task = ?")
        let earlier = try Double.fetchOne(statement, arguments: [task])
        guard earlier.map({ $0 != rate?.interval ?? 0 }) ?? (rate != nil) else { return }
        try change(task, to: rate, in: db)
        announced[task] = rate?.interval ?? 0
    }

    /// Writes the changed buckets.
    package func save(in db: Database) throws {
        for task in changed {
            if let bucket = known[task] ?? nil {
                let statement = try db.cachedStatement(sql: """
                    INSERT INTO rate_limit (task, interval, next, announced) VALUES (?1, ?2, ?3, coalesce(?4, 0))
                    ON CONFLICT (task) DO UPDATE SET
                        interval = excluded.interval, next = excluded.next, announced = coalesce(?4, announced)
                    """)
                try statement.execute(arguments: [task, bucket.interval, bucket.next, announced[task]])
            } else {
                try db.execute(sql: "DELETE FROM rate_limit WHERE task = ?", arguments: [task])
            }
        }
    }

    mutating func bucket(of task: String, in db: Database) throws -> TokenTime? {
        if let bucket = known[task] { return bucket }
        let statement = try db.cachedStatement(sql: "SELECT next, interval FROM rate_limit WHERE task = ?")
        let bucket = try Row.fetchOne(statement, arguments: [task]).map { TokenTime(next: $0[0], interval: $0[1]) }
        known[task] = bucket
        return bucket
    }
}
