package import CeleryCore
import CeleryDB
import SQLite

/// Task-sets as Celery saves groups (`GroupResult.save`): a row with the ids of all members, in the format of results.
extension PythonDatabaseStore: TaskSetKeeping {
    /// A row of this many ids has some six megabytes, all of which each reader loads.
    package var taskSetLimit: Int? { 100_000 }

    package func keep(_ set: TaskSetRecord) async throws {
        // A row has the ids of all members, which are not known before.
        guard let total = set.total else { return }
        if let limit = taskSetLimit, total > limit {
            throw DriverError(
                .refused, "\(location) keeps task-sets of at most \(limit) tasks, as rows of Celery's table \(PythonTables.groups); this one has \(total)",
                hint: "use celery.db as result store for larger sets")
        }
        let row = PythonGroup(set.id, of: total == 0 ? [] : set.ids(1...total)).bytes(format)
        try await writeTable { db in
            try db.execute(
                sql: """
                    INSERT INTO \(PythonTables.groups) (taskset_id, result, date_done) VALUES (?, ?, ?)
                    ON CONFLICT (taskset_id) DO UPDATE SET result = excluded.result
                    """,
                arguments: [set.id, row, ISO8601.databaseText(set.created)])
        }
    }

    package func taskSet(_ id: String) async throws -> TaskSetRecord? {
        try await taskSets("taskset_id = ?", id, limit: 1).first
    }

    package func taskSets(limit: Int) async throws -> [TaskSetRecord] { try await taskSets("? = ''", "", limit: limit) }

    private func taskSets(_ condition: String, _ argument: String, limit: Int) async throws -> [TaskSetRecord] {
        let rows = try await readTable { db in
            guard try db.tableExists(PythonTables.groups) else { return [] as [(String, [UInt8]?, String?)] }
            return try Row.fetchAll(
                db,
                sql: "SELECT taskset_id, result, date_done FROM \(PythonTables.groups) WHERE \(condition) ORDER BY id DESC LIMIT ?",
                arguments: [argument, limit]
            ).map { ($0[0], $0[1], $0[2]) }
        }
        return rows.compactMap { id, bytes, date in
            let created = date.flatMap { ISO8601.timestamp($0) } ?? Timestamp(seconds: 0)
            guard let members = PythonGroup(bytes)?.members else { return nil }
            return TaskSetRecord(id: id, total: members.count, created: created, members: members)
        }
    }

    package func replace(_ old: TaskID, by new: TaskID, in set: String) async throws -> Bool {
        // One transaction: of two who replace members, neither undoes the other.
        try await writeTable { [format] db in
            let row: [UInt8]? = try [UInt8].fetchOne(
                db, sql: "SELECT result FROM \(PythonTables.groups) WHERE taskset_id = ?", arguments: [set])
            guard var group = PythonGroup(row), group.replace(old, by: new) else { return false }
            try db.execute(
                sql: "UPDATE \(PythonTables.groups) SET result = ? WHERE taskset_id = ?", arguments: [group.bytes(format), set])
            return true
        }
    }

    package func forgetTaskSets(_ ids: [String]) async throws -> Int {
        try await writeTable { db in
            var count = 0
            for id in ids {
                try db.execute(sql: "DELETE FROM \(PythonTables.groups) WHERE taskset_id = ?", arguments: [id])
                count += db.changesCount
            }
            return count
        }
    }
}
