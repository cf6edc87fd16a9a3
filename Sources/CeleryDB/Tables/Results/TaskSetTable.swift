package import CeleryCore
package import SQLite
import Wire

/// Rows of the tables `task_set`, `task_set_count` and `task_set_member`.
package enum TaskSetTable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS task_set (
            id TEXT PRIMARY KEY,
            -- number of members; NULL while more are being submitted
            total INTEGER,
            -- Unix seconds
            created REAL NOT NULL,
            -- Unix seconds; NULL keeps it for ever
            expires REAL
        ) WITHOUT ROWID;
        -- How many members of a set have a result in each state.
        CREATE TABLE IF NOT EXISTS task_set_count (
            task_set TEXT NOT NULL, state TEXT NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY (task_set, state)
        ) WITHOUT ROWID;
        -- Members whose id does not follow from the set's, since they took the place of others.
        CREATE TABLE IF NOT EXISTS task_set_member (
            task_set TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL,
            PRIMARY KEY (task_set, number)
        ) WITHOUT ROWID;
        """

    /// Of the table `result`: the group header of its message, which is a task-set if `task_set` has a row for it.
    static let column = "member_of TEXT"

    static let index = "CREATE INDEX IF NOT EXISTS result_member_of ON result (member_of) WHERE member_of IS NOT NULL;"

    /// Fills the column of results that an earlier version stored.
    static let upgrade = "UPDATE result SET member_of = json_extract(CAST(document AS TEXT), '$.group_id');"

    /// What belongs to a set goes with it.
    static let triggers = """
        CREATE TRIGGER IF NOT EXISTS task_set_end AFTER DELETE ON task_set BEGIN
            DELETE FROM task_set_count WHERE task_set = old.id;
            DELETE FROM task_set_member WHERE task_set = old.id;
        END;
        """

    /// Counts a result, in the transaction that records it. What is forgotten later stays counted. A trigger would cost every result
    /// something, also where nobody uses sets.
    ///
    /// - Parameters:
    ///   - old: The state that the task had before; `nil` if it had no result.
    ///   - set: The group header of its message, which is a task-set if `task_set` has a row for it.
    static func count(_ state: TaskState, after old: String?, in set: String, _ db: Database) throws {
        guard old != state.name else { return }
        if let old {
            try db.cachedStatement(sql: "UPDATE task_set_count SET count = count - 1 WHERE task_set = ? AND state = ?")
                .execute(arguments: [set, old])
        }
        try db.cachedStatement(sql: """
            INSERT INTO task_set_count SELECT ?1, ?2, 1 WHERE EXISTS (SELECT 1 FROM task_set WHERE id = ?1)
                ON CONFLICT DO UPDATE SET count = count + 1
            """).execute(arguments: [set, state.name])
    }

    /// Creates a set, or changes its total. Results of members that came first are counted then.
    package static func keep(_ set: TaskSetRecord, expires: Double?, in db: Database) throws {
        try db.cachedStatement(sql: "UPDATE task_set SET total = ?, expires = ? WHERE id = ?")
            .execute(arguments: [set.total, expires, set.id])
        guard db.changesCount == 0 else { return }
        try db.cachedStatement(sql: "INSERT INTO task_set (id, total, created, expires) VALUES (?, ?, ?, ?)")
            .execute(arguments: [set.id, set.total, set.created.seconds, expires])
        try db.cachedStatement(sql: """
            INSERT INTO task_set_count SELECT member_of, state, count(*) FROM result WHERE member_of = ? GROUP BY state
            """).execute(arguments: [set.id])
    }

    package static func fetch(_ id: String, now: Timestamp, in db: Database) throws -> TaskSetRecord? {
        let find = try db.cachedStatement(sql: """
            SELECT id, total, created FROM task_set WHERE id = ? AND (expires IS NULL OR expires > ?)
            """)
        return try Row.fetchOne(find, arguments: [id, now.seconds]).map { try record($0, in: db) }
    }

    /// Sets, newest first.
    package static func list(limit: Int, now: Timestamp, in db: Database) throws -> [TaskSetRecord] {
        try Row.fetchAll(
            db, sql: "SELECT id, total, created FROM task_set WHERE expires IS NULL OR expires > ? ORDER BY created DESC LIMIT ?",
            arguments: [now.seconds, limit]
        ).map { try record($0, in: db) }
    }

    private static func record(_ row: Row, in db: Database) throws -> TaskSetRecord {
        var set = TaskSetRecord(id: row[0], total: row[1], created: Timestamp(seconds: row[2]))
        set.counts = [:]
        let counts = try db.cachedStatement(sql: "SELECT state, count FROM task_set_count WHERE task_set = ? AND count > 0")
        for row in try Row.fetchAll(counts, arguments: [set.id]) { set.counts?[TaskState(name: row[0])] = row[1] as Int }
        let members = try db.cachedStatement(sql: "SELECT number, id FROM task_set_member WHERE task_set = ?")
        for row in try Row.fetchAll(members, arguments: [set.id]) { set.replaced[row[0]] = TaskID(row[1]) }
        return set
    }

    /// Puts a task in the place of member `number`, whose result no longer counts.
    package static func replace(_ old: TaskID, number: Int, by new: TaskID, in set: String, _ db: Database) throws {
        let state = try String.fetchOne(
            db.cachedStatement(sql: "SELECT state FROM result WHERE id = ? AND member_of = ?"), arguments: [old.text, set])
        if let state {
            try db.cachedStatement(sql: "UPDATE result SET member_of = NULL WHERE id = ?").execute(arguments: [old.text])
            try db.cachedStatement(sql: "UPDATE task_set_count SET count = count - 1 WHERE task_set = ? AND state = ?")
                .execute(arguments: [set, state])
        }
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO task_set_member (task_set, number, id) VALUES (?, ?, ?)")
            .execute(arguments: [set, number, new.text])
    }

    /// - Returns: Whether the set was there.
    package static func remove(_ id: String, in db: Database) throws -> Bool {
        try db.cachedStatement(sql: "DELETE FROM task_set WHERE id = ?").execute(arguments: [id])
        return db.changesCount > 0
    }

    /// Forgets at most `limit` sets whose time is over. Returns how many.
    package static func dropExpired(now: Timestamp, limit: Int, in db: Database) throws -> Int {
        try db.execute(
            sql: "DELETE FROM task_set WHERE id IN (SELECT id FROM task_set WHERE expires <= ? LIMIT ?)",
            arguments: [now.seconds, limit])
        return db.changesCount
    }
}
