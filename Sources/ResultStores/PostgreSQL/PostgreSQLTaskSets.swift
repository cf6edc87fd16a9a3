package import CeleryCore
import SQL

/// Rows of the tables `celery_task_set`, `celery_task_set_count` and `celery_task_set_member`.
///
/// Members are counted in the transaction that stores their results. Whoever makes a set counts those that came before; so that each is
/// counted once, it has a lock meanwhile that those who store results of its members share.
enum PostgreSQLTaskSets {
    static let schema = [
        """
        CREATE TABLE celery_task_set (
            id TEXT COLLATE "C" PRIMARY KEY,
            -- number of members; NULL while more are being submitted
            total BIGINT,
            -- Unix seconds
            created DOUBLE PRECISION NOT NULL,
            -- Unix seconds; NULL keeps it for ever
            expires DOUBLE PRECISION
        )
        """,
        "CREATE INDEX celery_task_set_created ON celery_task_set (created)",
        "CREATE INDEX celery_task_set_expires ON celery_task_set (expires) WHERE expires IS NOT NULL",
        """
        CREATE TABLE celery_task_set_count (
            task_set TEXT COLLATE "C" REFERENCES celery_task_set ON DELETE CASCADE,
            state TEXT,
            -- the count of a state is the sum over the shards, so that workers do not wait for each other
            shard INTEGER,
            count BIGINT NOT NULL,
            PRIMARY KEY (task_set, state, shard)
        )
        """,
        """
        CREATE TABLE celery_task_set_member (
            -- a member whose id does not follow from the set's, since it took the place of another
            task_set TEXT COLLATE "C" REFERENCES celery_task_set ON DELETE CASCADE,
            number BIGINT,
            id TEXT NOT NULL,
            PRIMARY KEY (task_set, number)
        )
        """,
    ]

    /// A number of results in one state, or of those that have left it.
    private struct Change: Hashable {
        var set: String
        var state: String
    }

    // MARK: Counting

    /// Stores results, some of which are those of members, and counts them.
    static func store(_ rows: ArraySlice<PostgreSQLResultRow>, in db: any SQLArrayConnection) throws {
        let members = rows.filter { $0.memberOf != nil }
        let sets = members.compactMap(\.memberOf).distinct.sorted()
        guard !sets.isEmpty else { return try PostgreSQLResultRow.store(rows, in: db) }
        _ = try db.rows(
            "SELECT pg_advisory_xact_lock_shared(\(PostgreSQLLock.taskSet), hashtext(id)) FROM unnest($1) AS id", arrays: [sets.map(SQLValue.text)])
        let before = try db.rows(
            "SELECT id, state, member_of FROM celery_result WHERE id = ANY($1) ORDER BY id FOR UPDATE", arrays: [members.map { .text($0.id) }])
        var old: [String: (state: String, set: String?)] = [:]
        for row in before { if let id = row[0].text { old[id] = (row[1].text ?? "", row[2].text) } }
        let states = Dictionary(members.map { ($0.id, $0.state.name) }) { first, _ in first }
        var changes: [Change: Int] = [:]
        for (id, set, isNew) in try PostgreSQLResultRow.storeTelling(rows, in: db) {
            guard let state = states[id] else { continue }
            if let (state, set) = old[id] {
                if let set { changes[Change(set: set, state: state), default: 0] -= 1 }
            } else if !isNew {
                // Stored by another just now: what it was is not known.
                throw SQLError(.conflict, "the first result of \(id) was stored by another at the same time")
            }
            if let set { changes[Change(set: set, state: state), default: 0] += 1 }
        }
        try count(changes, in: db)
    }

    private static func count(_ changes: [Change: Int], in db: any SQLArrayConnection) throws {
        let changes = changes.filter { $0.value != 0 }
        guard !changes.isEmpty else { return }
        try db.execute(
            """
            INSERT INTO celery_task_set_count AS c (task_set, state, shard, count)
            SELECT task_set, state, pg_backend_pid() % 16, count::bigint FROM unnest($1, $2, $3) AS given (task_set, state, count)
            WHERE EXISTS (SELECT 1 FROM celery_task_set AS s WHERE s.id = given.task_set) ORDER BY task_set, state
            ON CONFLICT (task_set, state, shard) DO UPDATE SET count = c.count + excluded.count
            """,
            arrays: [changes.map { .text($0.key.set) }, changes.map { .text($0.key.state) }, changes.map { .integer(Int64($0.value)) }])
    }

    /// Waits for those who store results of members, and has others wait for the end of the transaction.
    private static func lock(_ set: String, in db: any SQLArrayConnection) throws {
        _ = try db.rows("SELECT pg_advisory_xact_lock(\(PostgreSQLLock.taskSet), hashtext($1))", [.text(set)])
    }

    // MARK: Sets

    /// Creates a set, or changes its total. Results of members that came first are counted then.
    static func keep(_ set: TaskSetRecord, expires: Double?, in db: any SQLArrayConnection) throws {
        let total = set.total.map { SQLValue.integer(Int64($0)) } ?? .null
        let values = [.text(set.id), total, SQLValue(seconds: expires)]
        guard try db.execute("UPDATE celery_task_set SET total = $2, expires = $3::double precision WHERE id = $1", values) == 0 else { return }
        try lock(set.id, in: db)
        let isNew = try db.execute(
            """
            INSERT INTO celery_task_set (id, total, expires, created) VALUES ($1, $2, $3::double precision, $4::double precision)
            ON CONFLICT (id) DO NOTHING
            """, values + [SQLValue(seconds: set.created.seconds)]) > 0
        guard isNew else { return try keep(set, expires: expires, in: db) }
        try db.execute(
            """
            INSERT INTO celery_task_set_count (task_set, state, shard, count)
            SELECT member_of, state, 0, count(*) FROM celery_result WHERE member_of = $1 GROUP BY member_of, state
            """, [.text(set.id)])
    }

    /// - Parameter ids: `nil` for all.
    /// - Returns: Sets, newest first.
    static func fetch(_ ids: [String]?, limit: Int, now: Timestamp, in db: any SQLArrayConnection) throws -> [TaskSetRecord] {
        let condition = "(expires IS NULL OR expires > $1::double precision)"
        let (columns, order) = ("SELECT id, total, created::text FROM celery_task_set WHERE", "ORDER BY created DESC, id LIMIT")
        let time = SQLValue(seconds: now.seconds)
        let rows =
            if let ids {
                try db.rows(
                    "\(columns) id = ANY($1) AND (expires IS NULL OR expires > $2::double precision) \(order) $3",
                    arrays: [ids.map(SQLValue.text)], [time, .integer(Int64(limit))])
            } else {
                try db.rows("\(columns) \(condition) \(order) $2", [time, .integer(Int64(limit))])
            }
        var sets = rows.map { row in
            var set = TaskSetRecord(
                id: row[0].text ?? "", total: row[1].integer.map { Int($0) }, created: Timestamp(seconds: row[2].seconds ?? 0))
            set.counts = [:]
            return set
        }
        guard !sets.isEmpty else { return [] }
        let places = Dictionary(sets.enumerated().map { ($1.id, $0) }) { first, _ in first }
        let found = [sets.map { SQLValue.text($0.id) }]
        let counts = try db.rows(
            """
            SELECT task_set, state, sum(count)::bigint FROM celery_task_set_count WHERE task_set = ANY($1)
            GROUP BY task_set, state HAVING sum(count) > 0
            """, arrays: found)
        for row in counts {
            guard let place = row[0].text.flatMap({ places[$0] }), let state = row[1].text, let count = row[2].integer else { continue }
            sets[place].counts?[TaskState(name: state)] = Int(count)
        }
        for row in try db.rows("SELECT task_set, number, id FROM celery_task_set_member WHERE task_set = ANY($1)", arrays: found) {
            guard let place = row[0].text.flatMap({ places[$0] }), let number = row[1].integer, let id = row[2].text else { continue }
            sets[place].replaced[Int(number)] = TaskID(id)
        }
        return sets
    }

    /// Puts a task in the place of a member, whose result no longer counts.
    ///
    /// - Returns: `false` if the old task is no member of the set.
    static func replace(_ old: TaskID, by new: TaskID, in id: String, now: Timestamp, _ db: any SQLArrayConnection) throws -> Bool {
        try lock(id, in: db)
        guard let set = try fetch([id], limit: 1, now: now, in: db).first else { return false }
        // Told again after the connection was lost.
        if set.replaced.values.contains(new) { return true }
        guard let number = set.number(of: old) else { return false }
        let row = try db.rows(
            "SELECT state FROM celery_result WHERE id = $1 AND member_of = $2 FOR UPDATE", [.text(old.text), .text(id)]).first
        if let state = row?[0].text {
            try db.execute("UPDATE celery_result SET member_of = NULL WHERE id = $1", [.text(old.text)])
            try count([Change(set: id, state: state): -1], in: db)
        }
        try db.execute(
            """
            INSERT INTO celery_task_set_member (task_set, number, id) VALUES ($1, $2, $3)
            ON CONFLICT (task_set, number) DO UPDATE SET id = excluded.id
            """, [.text(id), .integer(Int64(number)), .text(new.text)])
        return true
    }
}

extension PostgreSQLResultStore: TaskSetKeeping {
    package var taskSetLimit: Int? { nil }

    package func keep(_ set: TaskSetRecord) async throws {
        guard set.members == nil else { throw DriverError.lacks("keep a task-set whose members are not numbered", location) }
        let until = terms.expires.map { now().seconds + $0 }
        try await writeTables { try PostgreSQLTaskSets.keep(set, expires: until, in: $0) }
        watch.stored()
    }

    package func taskSet(_ id: String) async throws -> TaskSetRecord? {
        guard !id.utf8.contains(0) else { return nil }
        let now = self.now()
        return try await readTables { try PostgreSQLTaskSets.fetch([id], limit: 1, now: now, in: $0) }?.first
    }

    package func taskSets(limit: Int) async throws -> [TaskSetRecord] {
        let now = self.now()
        return try await readTables { try PostgreSQLTaskSets.fetch(nil, limit: limit, now: now, in: $0) } ?? []
    }

    package func replace(_ old: TaskID, by new: TaskID, in set: String) async throws -> Bool {
        let texts = [old.text, new.text, set]
        guard !texts.contains(where: { $0.utf8.contains(0) }), try await readTables({ _ in true }) == true else { return false }
        let now = self.now()
        return try await writeTables { try PostgreSQLTaskSets.replace(old, by: new, in: set, now: now, $0) }
    }

    package func forgetTaskSets(_ ids: [String]) async throws -> Int {
        let ids = ids.distinct.filter { !$0.utf8.contains(0) }.map(SQLValue.text)
        guard !ids.isEmpty, try await readTables({ _ in true }) == true else { return 0 }
        // Again it would not count what the first time has deleted.
        return try await database.write(isOneStatement: true, isRepeatable: false) { db in
            try Self.arrays(db).execute("DELETE FROM celery_task_set WHERE id = ANY($1)", arrays: [ids])
        }
    }
}
