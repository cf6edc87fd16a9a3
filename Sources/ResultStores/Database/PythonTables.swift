import CeleryCore
import CeleryDB
package import SQL

/// The tables in which Python's Celery stores results, as SQLAlchemy makes them for version 5.7.
///
/// Earlier versions lack some columns, which may be added: each version reads and writes the columns it knows and leaves the
/// others alone. So there is a column of ours at servers, with the number of the attempt: no earlier one replaces what it stored.
package enum PythonTables {
    /// One of the tables.
    struct Table: Sendable {
        let name: String
        /// The column that names its rows.
        let key: String
        /// What numbers its rows, in databases that have sequences.
        let sequence: String
        let columns: [(name: String, type: SQLDialect.ColumnType)]
        /// Columns of ours, which Python ignores, in the databases of servers.
        var own: [(name: String, type: SQLDialect.ColumnType)] = []
        /// Columns that every version of Celery has.
        let core: Set<String>

        var index: String { "ix_\(name)_date_done" }

        private func columns(_ dialect: SQLDialect) -> [(name: String, type: SQLDialect.ColumnType)] {
            columns + (dialect.kind == .sqlite ? [] : own)
        }

        /// Columns by their names, in this order.
        func columns(_ names: [String]) -> [(name: String, type: SQLDialect.ColumnType)] {
            names.compactMap { name in (columns + own).first { $0.name == name } }
        }

        /// The sequence that numbers new rows; `nil` where the table does it by itself.
        func sequence(_ layout: SQLTableLayout, _ dialect: SQLDialect) -> String? {
            dialect.hasSequences && layout.columns["id"]?.isAutomatic != true ? sequence : nil
        }

        /// - Returns: `nil` without the table.
        /// - Throws: `DriverError` when the table is not Celery's.
        fileprivate func layout(in db: any SQLConnection, of location: String) throws -> SQLTableLayout? {
            guard let layout = try SQLTableLayout(of: name, in: db) else { return nil }
            if let missing = columns.first(where: { core.contains($0.name) && !layout.has($0.name) }) {
                throw DriverError(
                    .unusable, "table \(name) in \(location) is not one of Celery's: it has no column '\(missing.name)'",
                    hint: "name another \(db.dialect.kind == .sqlite ? "file" : "database"); this one was left unchanged")
            }
            return layout
        }

        /// The statements that make the table.
        fileprivate func creation(_ dialect: SQLDialect) -> [String] {
            [dialect.createTable(name, columns(dialect), unique: key), dialect.createIndex(index, on: name, "date_done", isInUse: false)]
        }

        /// The statements that make the table, or what it lacks.
        fileprivate func missing(in db: any SQLConnection, _ layout: SQLTableLayout?) throws -> [String] {
            let dialect = db.dialect
            let needsSequence = layout.map { sequence($0, dialect) != nil } ?? dialect.hasSequences
            let numbering = needsSequence ? try db.hasSequence(sequence) ? [] : ["CREATE SEQUENCE \(sequence)"] : []
            guard let layout else { return numbering + creation(dialect) }
            var statements = columns(dialect).filter { !layout.has($0.name) }
                .map { dialect.addColumn($0.name, $0.type, to: name) }
            if try !db.hasIndex(index, on: name) { statements.append(dialect.createIndex(index, on: name, "date_done", isInUse: true)) }
            return numbering + statements
        }
    }

    static let tasks = Table(
        name: "celery_taskmeta", key: "task_id", sequence: "task_id_sequence",
        columns: [
            ("id", .id), ("task_id", .key), ("status", .state), ("result", .bytes), ("date_done", .time), ("traceback", .text),
            // Since 5.7
            ("children", .bytes),
            // Since 4.4; filled by Python with result_extended
            ("name", .name), ("args", .bytes), ("kwargs", .bytes), ("worker", .name), ("retries", .integer), ("queue", .name),
            // Since 5.7
            ("stamps", .bytes),
        ],
        own: [("attempt", .integer)], core: ["id", "task_id", "status", "result", "date_done", "traceback"])

    static let groups = Table(
        name: "celery_tasksetmeta", key: "taskset_id", sequence: "taskset_id_sequence",
        columns: [("id", .id), ("taskset_id", .key), ("result", .bytes), ("date_done", .time)],
        core: ["id", "taskset_id", "result", "date_done"])

    /// The columns of both tables, as they are.
    struct Layout: Sendable {
        var tasks: SQLTableLayout
        /// `nil` without the table.
        var groups: SQLTableLayout?
    }

    /// - Returns: `nil` without the table of tasks.
    /// - Throws: `DriverError` when a table is not Celery's.
    static func layout(in db: any SQLConnection, of location: String) throws -> Layout? {
        guard let tasks = try tasks.layout(in: db, of: location) else { return nil }
        return Layout(tasks: tasks, groups: try groups.layout(in: db, of: location))
    }

    /// Makes missing tables. Leaves existing tables unchanged.
    static func create(in db: any SQLConnection, of location: String) throws -> Layout {
        let before = try layout(in: db, of: location)
        if let before, before.groups != nil { return before }
        if before == nil { try checkOwner(db, location) }
        if before == nil { for statement in try tasks.missing(in: db, nil) { try db.execute(statement) } }
        if try SQLTableLayout(of: groups.name, in: db) == nil {
            for statement in try groups.missing(in: db, nil) { try db.execute(statement) }
        }
        guard let layout = try layout(in: db, of: location) else {
            throw DriverError(.unusable, "\(location) has no table \(tasks.name), although it was made")
        }
        return layout
    }

    /// The statements that create missing tables, columns and indexes.
    private static func missing(in db: any SQLConnection, of location: String) throws -> [String] {
        let layout = try layout(in: db, of: location)
        if layout == nil { try checkOwner(db, location) }
        let groupLayout = try layout?.groups ?? groups.layout(in: db, of: location)
        return try tasks.missing(in: db, layout?.tasks) + groups.missing(in: db, groupLayout)
    }

    /// A file that belongs to another program must not be shared unasked.
    private static func checkOwner(_ db: any SQLConnection, _ location: String) throws {
        guard db.dialect.kind == .sqlite, try db.rows("PRAGMA application_id").first?.first != .integer(0) else { return }
        throw DriverError(
            .unusable, "\(location) is a SQLite database of another program",
            hint: "name another file with --result-backend db+sqlite:///PATH; this one was left unchanged")
    }
}

// MARK: celery syncdb

extension PythonTables {
    /// The statements that `complete` would run. Changes nothing.
    ///
    /// - Throws: `DriverError` for a file that cannot be shared.
    package static func missing(at path: String) async throws -> [String] {
        guard try SharedDatabaseFile.exists(path) else {
            let dialect = SQLDialect(.sqlite)
            return tasks.creation(dialect) + groups.creation(dialect)
        }
        return try await use(path) { try await missing(in: $0) }
    }

    /// Creates the file, its tables, and the columns of later versions. Leaves the rows unchanged.
    package static func complete(at path: String) async throws { try await use(path) { try await complete($0) } }

    private static func use<Value>(_ path: String, _ body: (SharedSQLite) async throws -> Value) async throws -> Value {
        let file = try SharedDatabaseFile(path: path)
        defer { file.close() }
        return try await body(SharedSQLite(file))
    }

    /// The same for the database of a server.
    package static func missing(in database: any SQLDatabase) async throws -> [String] {
        try await database.read { [location = database.location] in try missing(in: $0, of: location) }
    }

    package static func complete(_ database: any SQLDatabase) async throws {
        try await database.maintain { [location = database.location] db in
            for statement in try missing(in: db, of: location) { try db.execute(statement) }
        }
    }
}
