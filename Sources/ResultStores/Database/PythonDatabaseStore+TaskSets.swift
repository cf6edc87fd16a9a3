package import CeleryCore
import SQL

/// Task-sets as Celery saves groups (`GroupResult.save`): a row with the ids of all members, in the format of results.
extension PythonDatabaseStore: TaskSetKeeping {
    /// A row of this many ids has some six megabytes, all of which each reader loads.
    package var taskSetLimit: Int? { 100_000 }

    package func keep(_ set: TaskSetRecord) async throws {
        // A row has the ids of all members, which are not known before.
        guard let total = set.total else { return }
        let table = PythonTables.groups
        if let limit = taskSetLimit, total > limit {
            throw DriverError(
                .refused, "\(location) keeps task-sets of at most \(limit) tasks, as rows of Celery's table \(table.name); this one has \(total)",
                hint: "use celery.db as result store for larger sets")
        }
        let row = PythonGroup(set.id, of: total == 0 ? [] : set.ids(1...total)).bytes(format)
        try await writeTable { [location] db, layout in
            guard let columns = layout.groups else { return }
            try Self.check(row, of: set.id, columns, location)
            try db.upsert(
                into: table.name, table.columns(["taskset_id", "result", "date_done"]),
                [[.text(set.id), .blob(row), .text(ISO8601.databaseText(set.created))]],
                changing: ["result"], sequence: table.sequence(columns, db.dialect), unless: nil)
        }
    }

    private static func check(_ row: [UInt8], of set: String, _ layout: SQLTableLayout, _ location: String) throws {
        guard let limit = layout.columns["result"]?.limit, row.count > limit else { return }
        let table = PythonTables.groups.name
        throw DriverError(
            .refused, "task-set \(set) has \(row.count) bytes; column result of \(table) in \(location) takes \(limit)",
            hint: "let it take more: ALTER TABLE \(table) MODIFY result LONGBLOB")
    }

    package func taskSet(_ id: String) async throws -> TaskSetRecord? { try await taskSets(id, limit: 1).first }

    package func taskSets(limit: Int) async throws -> [TaskSetRecord] { try await taskSets(nil, limit: limit) }

    /// - Parameter id: The one to look for; `nil` for all, newest first.
    private func taskSets(_ id: String?, limit: Int) async throws -> [TaskSetRecord] {
        let rows = try await readTable { db, layout -> [[SQLValue]] in
            guard layout.groups != nil else { return [] }
            let dialect = db.dialect
            let columns = "SELECT taskset_id, result, \(dialect.time("date_done")) FROM \(PythonTables.groups.name)"
            guard let id else {
                return try db.rows(dialect.limited("\(columns) ORDER BY id DESC", 1), [.integer(Int64(limit))])
            }
            return try db.rows("\(columns) WHERE taskset_id = \(dialect.parameter(1))", [.text(id)]).filter { $0[0].text == id }
        } ?? []
        return rows.compactMap { row in
            let created = row[2].text.flatMap { ISO8601.timestamp($0) } ?? Timestamp(seconds: 0)
            guard let id = row[0].text, let members = PythonGroup(row[1].bytes)?.members else { return nil }
            return TaskSetRecord(id: id, total: members.count, created: created, members: members)
        }
    }

    package func replace(_ old: TaskID, by new: TaskID, in set: String) async throws -> Bool {
        // One transaction: of two who replace members, neither undoes the other.
        try await writeTable { [format, location] db, layout in
            guard let columns = layout.groups else { return false }
            let (table, dialect) = (PythonTables.groups.name, db.dialect)
            let row = try db.rows("SELECT result FROM \(table) WHERE taskset_id = \(dialect.parameter(1))\(dialect.locking)", [.text(set)])
            guard var group = PythonGroup(row.first?[0].bytes), group.replace(old, by: new) else { return false }
            let bytes = group.bytes(format)
            try Self.check(bytes, of: set, columns, location)
            try db.execute(
                "UPDATE \(table) SET result = \(dialect.parameter(1)) WHERE taskset_id = \(dialect.parameter(2))", [.blob(bytes), .text(set)])
            return true
        }
    }

    package func forgetTaskSets(_ ids: [String]) async throws -> Int { try await delete(ids.distinct, from: PythonTables.groups) }
}
