package import CeleryCore
import SQL

/// Rows of the table `celery_slot`: concurrency slots of tasks whose messages are at a broker that keeps no limits.
enum PostgreSQLSlots {
    static let schema = [
        """
        CREATE TABLE celery_slot (
            worker TEXT, holder TEXT,
            task TEXT NOT NULL, key TEXT NOT NULL,
            -- of the message
            id TEXT NOT NULL,
            -- free from this time, unless its worker renews it: Unix seconds by the clock of the server
            until DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (worker, holder)
        )
        """,
        "CREATE INDEX celery_slot_line ON celery_slot (task, key)", "CREATE INDEX celery_slot_until ON celery_slot (until)",
    ]

    /// The time: that of the server, whose clock all workers share.
    ///
    /// - Parameter number: The parameter that may have another one.
    static func now(_ number: Int) -> String { "coalesce($\(number)::double precision, extract(epoch FROM clock_timestamp())::double precision)" }

    private static let given = """
        SELECT holder, id, task, key, slots::bigint, place FROM unnest($1, $2, $3, $4, $5) \
        WITH ORDINALITY AS given (holder, id, task, key, slots, place)
        """

    /// A row if there is a slot for one of the claims. Those who wait look often, and mostly in vain.
    static let room = """
        SELECT 1 FROM (\(given)) AS given
        WHERE (SELECT count(*) FROM celery_slot AS s WHERE s.task = given.task AND s.key = given.key AND s.until > \(now(6))) < slots LIMIT 1
        """

    /// One after the other for each task and key, and all in the same order.
    static let lock = """
        SELECT pg_advisory_xact_lock(\(PostgreSQLLock.slots), line)
        FROM (SELECT DISTINCT hashtext(task || ':' || key) AS line FROM unnest($1, $2) AS given (task, key) ORDER BY 1) AS lines
        """

    static let dropLate = """
        DELETE FROM celery_slot WHERE (worker, holder) IN (SELECT worker, holder FROM celery_slot WHERE until <= \(now(1)) FOR UPDATE SKIP LOCKED)
        """

    /// Takes a slot for each claim, where there is one: those of a task and key in their order. A claim that is told again keeps what it has.
    ///
    /// Returns the places of those that have one, from 1.
    static let take = """
        WITH given AS (\(given)), used AS (
            SELECT s.task, s.key, count(*) AS count FROM celery_slot AS s
            WHERE (s.task, s.key) IN (SELECT task, key FROM given) AND s.until > \(now(6))
                AND NOT (s.worker = $7 AND s.holder IN (SELECT holder FROM given))
            GROUP BY s.task, s.key
        ), taken AS (
            INSERT INTO celery_slot (worker, holder, task, key, id, until)
            SELECT $7, holder, task, key, id, \(now(6)) + $8::double precision FROM (
                SELECT given.*, row_number() OVER (PARTITION BY task, key ORDER BY place) AS rank FROM given
            ) AS ranked LEFT JOIN used USING (task, key)
            WHERE coalesce(used.count, 0) + rank <= slots
            ON CONFLICT (worker, holder) DO UPDATE SET task = excluded.task, key = excluded.key, id = excluded.id, until = excluded.until
            RETURNING holder
        )
        SELECT place FROM given JOIN taken USING (holder)
        """
}

extension PostgreSQLResultStore: SlotKeeping {
    /// The clock of a test; `NULL` for that of the server.
    private var time: SQLValue { SQLValue(seconds: testTime?().seconds) }

    /// A name or key as it is stored: those that differ only after their first thousand bytes, or in a NUL, share their slots.
    private static func column(_ text: String) -> SQLValue { .text(PostgreSQLResultRow.column(text)) }

    package func claim(_ claims: [SlotClaim], by worker: String, for lease: Duration) async throws -> [Bool] {
        guard !claims.isEmpty else { return [] }
        let columns: [[SQLValue]] = [
            claims.map { .text($0.holder) }, claims.map { Self.column($0.id.text) }, claims.map { Self.column($0.task) }, claims.map { Self.column($0.key) },
            claims.map { .integer(Int64($0.slots)) },
        ]
        let now = time
        let hasRoom = try await readTables { try !$0.rows(PostgreSQLSlots.room, arrays: columns, [now]).isEmpty }
        guard hasRoom ?? true else { return claims.map { _ in false } }
        let places = try await writeTables { db in
            _ = try db.rows(PostgreSQLSlots.lock, arrays: [columns[2], columns[3]])
            try db.execute(PostgreSQLSlots.dropLate, [now])
            return try db.rows(PostgreSQLSlots.take, arrays: columns, [now, .text(worker), SQLValue(seconds: lease.inSeconds)])
        }
        let taken = Set(places.compactMap { $0[0].integer })
        return claims.indices.map { taken.contains(Int64($0 + 1)) }
    }

    package func leaveSlots(_ holders: [String]?, of worker: String) async throws {
        guard try await readTables({ _ in true }) == true else { return }
        try await database.write(isOneStatement: true) { db in
            guard let holders else {
                try db.execute("DELETE FROM celery_slot WHERE worker = $1", [.text(worker)])
                return
            }
            try Self.arrays(db).execute(
                "DELETE FROM celery_slot WHERE holder = ANY($1) AND worker = $2", arrays: [holders.map(SQLValue.text)], [.text(worker)])
        }
    }

    package func holders(of task: String, key: String) async throws -> [TaskID] {
        let now = time
        return try await readTables { db in
            try db.rows(
                "SELECT id FROM celery_slot WHERE task = $1 AND key = $2 AND until > \(PostgreSQLSlots.now(3)) ORDER BY until",
                [Self.column(task), Self.column(key), now])
        }?.compactMap { $0[0].text.map { TaskID($0) } } ?? []
    }

    package func renewSlots(of worker: String, for lease: Duration) async throws {
        guard try await readTables({ _ in true }) == true else { return }
        let now = time
        _ = try await database.write(isOneStatement: true) { db in
            try db.execute(
                "UPDATE celery_slot SET until = \(PostgreSQLSlots.now(1)) + $2::double precision WHERE worker = $3",
                [now, SQLValue(seconds: lease.inSeconds), .text(worker)])
        }
    }
}
