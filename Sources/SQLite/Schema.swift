import GRDB

/// The tables of a `celery.db`.
///
/// A message row is written once and never changed by taking it: where it stands
/// is told by a row in exactly one of three small tables.
///
///     message ──┬── ready      waiting, due
///               ├── scheduled  waiting for its time
///               └── lease      a worker has it
///
/// Each move is a small insert and delete; the payload stays where it is.
package enum Schema {
    /// "Cely", in the header of the file (`PRAGMA application_id`): the file is ours.
    package static let applicationID: Int32 = 0x43_65_6C_79

    /// The layout below (`PRAGMA user_version`). A file with a greater number is refused.
    package static let version: Int32 = 2

    /// Makes every table. Runs once, in a file nobody else can see yet.
    static func create(in db: Database) throws {
        try db.execute(sql: sql)
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// Tables that came with layout 2, in the order they are made.
    private static let additions = [beat, control, statistics, limits]

    /// The statements, as `celery syncdb --dry-run` prints them.
    package static let sql = ([messages] + additions).joined(separator: "\n")

    /// What a file of layout 1 lacks. Some may be there: early builds of layout 1 made them when they were needed.
    package static let upgrade = (additions + ["PRAGMA user_version = \(version);"]).joined(separator: "\n")

    /// Brings a file of layout 1 to this one. Each row stays as it is.
    static func upgrade(in db: Database) throws {
        // Another process may have been first.
        guard try Int32.fetchOne(db, sql: "PRAGMA user_version") == 1 else { return }
        try db.execute(sql: upgrade)
    }

    /// Of broker, workers and results.
    private static let messages = """
        CREATE TABLE message (
            -- never used twice, so that a late writer cannot hit a newer message
            tag INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            task TEXT NOT NULL,
            queue TEXT NOT NULL,
            -- minus the priority: smaller runs earlier
            rank INTEGER NOT NULL,
            retries INTEGER NOT NULL,
            submitted REAL NOT NULL,
            -- protocol 2 headers, and the properties that are not the usual ones, as JSON
            headers BLOB NOT NULL,
            properties BLOB,
            body BLOB NOT NULL
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
            -- which process of which boot it is, to see at once when it is gone
            process TEXT NOT NULL,
            pid INTEGER NOT NULL,
            queues TEXT NOT NULL,
            tasks TEXT NOT NULL,
            started REAL NOT NULL,
            -- alive until then, unless renewed (Unix seconds)
            lease_until REAL NOT NULL
        );
        CREATE TABLE result (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            state TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            -- Unix seconds; NULL keeps it for ever
            expires REAL,
            -- the meta document of Celery, extended, as JSON
            document BLOB NOT NULL
        );
        CREATE INDEX result_expires ON result (expires) WHERE expires IS NOT NULL;
        CREATE TABLE submission_key (
            key TEXT PRIMARY KEY, id TEXT NOT NULL, expires REAL NOT NULL
        ) WITHOUT ROWID;
        """

    /// The tables a whole file has, in the order of their names.
    package static let tables = ["beat", "beat_entry", "beat_order", "control_reply", "control_request", "lease", "limit_line", "limited", "message", "place", "rate_limit", "ready", "result", "scheduled", "statistics", "submission_key", "worker"]
}
