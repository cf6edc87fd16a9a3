/// The tables of a `celery.db`.
///
/// A message row is written once and not changed by taking the message: its state is a row in exactly one of three small tables.
///
///     message ──┬── ready      waiting, due
///               ├── scheduled  waiting for its ETA
///               └── lease      a worker has it
///
/// Each change of state is a small insert and delete; the payload is not moved.
package enum Schema {
    /// "Cely", in the header of the file (`PRAGMA application_id`): the file is ours.
    package static let applicationID: Int32 = 0x43_65_6C_79

    /// The layout below (`PRAGMA user_version`). Files with a greater number are refused.
    package static let version: Int32 = 2

    /// Creates all tables. Runs once, in a file that no other process can see yet.
    static func create(in db: Database) throws {
        try db.execute(sql: sql)
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// Tables added in layout 2, in the order of their creation.
    private static let additions = [beat, control, events, deadLetters, orders, statistics, limits]

    /// The statements, as `celery syncdb --dry-run` prints them.
    package static let sql = ([messages] + additions).joined(separator: "\n")

    /// The statements for a file of layout 1. Some tables may exist: early builds of layout 1 created them on first use.
    package static let upgrade = (additions + columns.map(\.sql) + ["PRAGMA user_version = \(version);"]).joined(separator: "\n")

    /// Columns added in layout 2.
    private static let columns = [
        Column("message", "crashes INTEGER NOT NULL DEFAULT 0"), Column("message", "doubts INTEGER NOT NULL DEFAULT 0"),
        Column("worker", "lease_length REAL NOT NULL DEFAULT 15"),
    ]

    /// A column added to an existing table.
    private struct Column {
        var table: String
        var definition: String

        init(_ table: String, _ definition: String) { (self.table, self.definition) = (table, definition) }

        var name: Substring { definition.prefix { $0 != " " } }
        var sql: String { "ALTER TABLE \(table) ADD COLUMN \(definition);" }

        /// SQLite has no ADD COLUMN IF NOT EXISTS.
        func add(in db: Database) throws {
            let has = "SELECT 1 FROM pragma_table_info(?) WHERE name = ?"
            if try Int.fetchOne(db, sql: has, arguments: [table, String(name)]) == nil { try db.execute(sql: sql) }
        }
    }

    /// Upgrades a file of layout 1. Keeps all rows.
    static func upgrade(in db: Database) throws {
        // Another process may have upgraded the file first.
        guard try Int32.fetchOne(db, sql: "PRAGMA user_version") == 1 else { return }
        for sql in additions { try db.execute(sql: sql) }
        for column in columns { try column.add(in: db) }
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// Tables of messages, workers and results.
    private static let messages = """
        CREATE TABLE message (
            -- never used twice, so that a late writer cannot hit a newer message
            tag INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            task TEXT NOT NULL,
            queue TEXT NOT NULL,
            -- smaller runs earlier: see MessageRanking
            rank INTEGER NOT NULL,
            retries INTEGER NOT NULL,
            submitted REAL NOT NULL,
            -- protocol 2 headers, and the properties that are not the usual ones, as JSON
            headers BLOB NOT NULL,
            properties BLOB,
            body BLOB NOT NULL,
            -- executions known to have lost their process
            crashes INTEGER NOT NULL DEFAULT 0,
            -- deaths of workers that may have begun it
            doubts INTEGER NOT NULL DEFAULT 0
        );
        CREATE TABLE ready (
            queue TEXT NOT NULL, rank INTEGER NOT NULL, tag INTEGER NOT NULL,
            -- executions begun so far
            attempt INTEGER NOT NULL,
            PRIMARY KEY (queue, rank, tag)
        ) WITHOUT ROWID;
        CREATE TABLE scheduled (
            -- Unix seconds
            due REAL NOT NULL, tag INTEGER NOT NULL, attempt INTEGER NOT NULL,
            PRIMARY KEY (due, tag)
        ) WITHOUT ROWID;
        CREATE TABLE lease (
            tag INTEGER PRIMARY KEY, worker INTEGER NOT NULL, attempt INTEGER NOT NULL,
            since REAL NOT NULL
        );
        CREATE TABLE worker (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            -- identifies the process and boot, to notice at once when it is gone
            process TEXT NOT NULL,
            pid INTEGER NOT NULL,
            queues TEXT NOT NULL,
            tasks TEXT NOT NULL,
            started REAL NOT NULL,
            -- alive until then, unless renewed (Unix seconds)
            lease_until REAL NOT NULL,
            -- seconds without renewal after which the worker is considered dead
            lease_length REAL NOT NULL DEFAULT 15
        );
        CREATE TABLE result (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            state TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            -- Unix seconds; NULL stores it for ever
            expires REAL,
            -- Celery's meta document, extended, as JSON
            document BLOB NOT NULL
        );
        CREATE INDEX result_expires ON result (expires) WHERE expires IS NOT NULL;
        CREATE TABLE submission_key (
            key TEXT PRIMARY KEY, id TEXT NOT NULL, expires REAL NOT NULL
        ) WITHOUT ROWID;
        """

    /// The tables of a complete file, sorted by name.
    package static let tables = [
        "beat", "beat_entry", "beat_order", "control_reply", "control_request", "dead_letter", "event", "event_mark", "lease",
        "lent_place", "limit_line", "limited", "message", "place", "rate_limit", "ready", "result", "scheduled", "standing_order", "statistics",
        "submission_key", "worker",
    ]
}
