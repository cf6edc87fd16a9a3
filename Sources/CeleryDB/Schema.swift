import SQLite

/// The tables of a `celery.db`; each stands beside its queries, in `Tables`.
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
    package static let version: Int32 = 5

    /// Creates all tables. Runs once, in a file that no other process can see yet.
    static func create(in db: Database) throws {
        try db.execute(sql: sql)
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// Tables of layout 1, in the order they are made.
    private static let beginnings = [
        MessageTable.schema, ReadyTable.schema, ScheduledTable.schema, LeaseTable.schema, WorkerTable.schema, ResultTable.schema,
        SubmissionKeyTable.schema,
    ]

    /// What each later layout added, oldest first.
    private static let steps = [
        Step(
            to: 2,
            // Some may exist: early builds of layout 1 created them on first use.
            tables: [
                BeatTable.schema, ControlTable.schema, EventTable.schema, DeadLetterTable.schema, StandingCommandTable.schema,
                StatisticsTable.schema, RateTable.schema, LimitTable.schema, LentSlotTable.schema, LimitTable.triggers,
            ],
            // The columns are in the schemas of layout 1's tables by now.
            newColumns: [
                Column("message", "crashes INTEGER NOT NULL DEFAULT 0"), Column("message", "doubts INTEGER NOT NULL DEFAULT 0"),
                Column("worker", "lease_length REAL NOT NULL DEFAULT 15"),
            ]),
        Step(
            to: 3, columns: ResultTable.columns.map { Column("result", $0) },
            tables: [ResultTable.indexes], filling: ResultTable.upgrade),
        Step(
            to: 4, columns: [Column("result", TaskSetTable.column)],
            tables: [TaskSetTable.index, TaskSetTable.schema, TaskSetTable.triggers, OutputTable.schema], filling: TaskSetTable.upgrade),
        Step(to: 5, tables: [ResultTable.queueIndex]),
    ]

    /// The statements, as `celery syncdb --dry-run` prints them.
    package static let sql = (beginnings + steps.flatMap { $0.columns.map(\.sql) + $0.tables }).joined(separator: "\n")

    /// The statements for a file of an earlier layout.
    package static func upgrade(from layout: Int32) -> String {
        (steps.filter { $0.layout > layout }.flatMap(\.statements) + ["PRAGMA user_version = \(version);"]).joined(separator: "\n")
    }

    /// The way from one layout to the next.
    private struct Step: Sendable {
        var layout: Int32
        var columns: [Column] = []
        var tables: [String]
        /// Columns that a new file gets from the schemas of its tables.
        var newColumns: [Column] = []
        /// Gives rows of an earlier version their values.
        var filling: String?

        init(to layout: Int32, columns: [Column] = [], tables: [String], newColumns: [Column] = [], filling: String? = nil) {
            (self.layout, self.columns, self.tables, self.newColumns, self.filling) = (layout, columns, tables, newColumns, filling)
        }

        var statements: [String] { (newColumns + columns).map(\.sql) + tables + [filling].compactMap(\.self) }
    }

    /// A column added to an existing table.
    private struct Column: Sendable {
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

    /// Upgrades a file of an earlier layout. Keeps all rows.
    static func upgrade(in db: Database) throws {
        // Another process may have upgraded the file first.
        guard let layout = try Int32.fetchOne(db, sql: "PRAGMA user_version"), 1..<version ~= layout else { return }
        for step in steps where step.layout > layout {
            for column in step.newColumns + step.columns { try column.add(in: db) }
            for sql in step.tables + [step.filling].compactMap(\.self) { try db.execute(sql: sql) }
        }
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// The tables of a complete file, sorted by name.
    package static let tables = [
        "beat", "beat_entry", "beat_order", "control_reply", "control_request", "dead_letter", "event", "event_mark", "lease",
        "lent_place", "limit_line", "limited", "message", "output", "place", "rate_limit", "ready", "result", "scheduled", "standing_order", "statistics",
        "submission_key", "task_set", "task_set_count", "task_set_member", "worker",
    ]
}
