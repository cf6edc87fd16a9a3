import CeleryCore
import CeleryDB
import SQLite

/// The tables in which Python's Celery stores results, as version 5.7 creates them.
///
/// Earlier versions lack some columns, which may be added: each version reads and writes the columns it knows and leaves the
/// others alone.
package enum PythonTables {
    static let tasks = "celery_taskmeta"
    static let groups = "celery_tasksetmeta"

    /// A column of the task table.
    private struct Column {
        var name: String
        var type: String
        /// Whether every version of Celery has the column.
        var isCore = true
    }

    private static let columns = [
        Column(name: "id", type: "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"),
        Column(name: "task_id", type: "VARCHAR(155)"),
        Column(name: "status", type: "VARCHAR(50)"),
        Column(name: "result", type: "BLOB"),
        Column(name: "date_done", type: "DATETIME"),
        Column(name: "traceback", type: "TEXT"),
        // Since 5.7
        Column(name: "children", type: "BLOB", isCore: false),
        // Since 4.4; filled by Python with result_extended
        Column(name: "name", type: "VARCHAR(155)", isCore: false),
        Column(name: "args", type: "BLOB", isCore: false),
        Column(name: "kwargs", type: "BLOB", isCore: false),
        Column(name: "worker", type: "VARCHAR(155)", isCore: false),
        Column(name: "retries", type: "INTEGER", isCore: false),
        Column(name: "queue", type: "VARCHAR(155)", isCore: false),
        // Since 5.7
        Column(name: "stamps", type: "BLOB", isCore: false),
    ]

    private static let tasksSQL =
        "CREATE TABLE \(tasks) (\n    "
        + columns.map { "\($0.name) \($0.type)" }.joined(separator: ",\n    ") + ",\n    UNIQUE (task_id)\n)"

    private static let groupsSQL = """
        CREATE TABLE \(groups) (
            id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            taskset_id VARCHAR(155),
            result BLOB,
            date_done DATETIME,
            UNIQUE (taskset_id)
        )
        """

    /// Since 5.6.
    private static func indexSQL(_ table: String) -> String {
        "CREATE INDEX ix_\(table)_date_done ON \(table) (date_done)"
    }

    /// The columns of the task table; `nil` without the table.
    ///
    /// - Throws: `DriverError` when the table is not Celery's.
    static func layout(in db: Database, of path: String) throws -> Set<String>? {
        let names = Set(try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info('\(tasks)')"))
        if names.isEmpty { return nil }
        if let missing = columns.first(where: { $0.isCore && !names.contains($0.name) }) {
            throw DriverError(
                .unusable, "table \(tasks) in \(path) is not one of Celery's: it has no column '\(missing.name)'",
                hint: "name another file; this one was left unchanged")
        }
        return names
    }

    /// Creates missing tables. Leaves existing tables unchanged.
    ///
    /// - Returns: The columns of the task table.
    static func create(in db: Database, of path: String) throws -> Set<String> {
        if let layout = try layout(in: db, of: path) { return layout }
        for statement in try missing(in: db, of: path) { try db.execute(sql: statement) }
        return Set(columns.map(\.name))
    }

    /// The statements that create missing tables, columns and indexes.
    private static func missing(in db: Database, of path: String) throws -> [String] {
        guard let layout = try layout(in: db, of: path) else {
            // The database belongs to another program, and must not be shared unasked.
            guard try Int32.fetchOne(db, sql: "PRAGMA application_id") == 0 else {
                throw DriverError(
                    .unusable, "\(path) is a SQLite database of another program",
                    hint: "name another file with --result-backend db+sqlite:///PATH; this one was left unchanged")
            }
            return try [tasksSQL, indexSQL(tasks)] + missingGroups(in: db)
        }
        var statements = columns.filter { !layout.contains($0.name) }
            .map { "ALTER TABLE \(tasks) ADD COLUMN \($0.name) \($0.type)" }
        if try !has("index", "ix_\(tasks)_date_done", in: db) { statements.append(indexSQL(tasks)) }
        return try statements + missingGroups(in: db)
    }

    private static func missingGroups(in db: Database) throws -> [String] {
        if try !has("table", groups, in: db) { return [groupsSQL, indexSQL(groups)] }
        return try has("index", "ix_\(groups)_date_done", in: db) ? [] : [indexSQL(groups)]
    }

    private static func has(_ kind: String, _ name: String, in db: Database) throws -> Bool {
        try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = ? AND name = ?)", arguments: [kind, name])!
    }
}

// MARK: celery syncdb

extension PythonTables {
    /// The statements that `complete` would run. Changes nothing.
    ///
    /// - Throws: `DriverError` for a file that cannot be shared.
    package static func missing(at path: String) async throws -> [String] {
        guard try SharedDatabaseFile.exists(path) else { return [tasksSQL, indexSQL(tasks), groupsSQL, indexSQL(groups)] }
        let file = try SharedDatabaseFile(path: path)
        defer { file.close() }
        return try await file.read { try missing(in: $0, of: path) }
    }

    /// Creates the file, its tables, and the columns of later versions. Leaves the rows unchanged.
    package static func complete(at path: String) async throws {
        let file = try SharedDatabaseFile(path: path)
        defer { file.close() }
        try await file.write { db in
            for statement in try missing(in: db, of: path) { try db.execute(sql: statement) }
        }
    }
}
