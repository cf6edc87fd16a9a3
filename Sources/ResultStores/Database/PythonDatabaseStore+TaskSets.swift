package import CeleryCore
import CeleryDB
import SQLite

/// Task-sets as Celery 5.7 saves groups (`GroupResult.save`): a row with the ids of all members. Earlier versions pickle Celery's own
/// classes there, which is read but not written.
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
        let members = total == 0 ? [] : set.ids(1...total)
        try await write(members, of: set.id, created: set.created)
    }

    private func write(_ members: [TaskID], of id: String, created: Timestamp) async throws {
        let list: JSON = [[.string(id), nil], .array(members.map { [[.string($0.text), nil], nil] })]
        let bytes = list.bytes(style: .python)
        try await writeTable { db in
            try db.execute(
                sql: """
                    INSERT INTO \(PythonTables.groups) (taskset_id, result, date_done) VALUES (?, ?, ?)
                    ON CONFLICT (taskset_id) DO UPDATE SET result = excluded.result
                    """,
                arguments: [id, bytes, ISO8601.databaseText(created)])
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
            guard let value = try? PythonValue.json(bytes, isException: false), let members = value.arrayValue?.last?.arrayValue else {
                return nil
            }
            return TaskSetRecord(id: id, total: members.count, created: created, members: members.compactMap(Self.id))
        }
    }

    /// The id of `[[id, parent], children]`.
    private static func id(_ member: JSON) -> TaskID? { member.arrayValue?.first?.arrayValue?.first?.stringValue.map { TaskID($0) } }

    package func replace(_ old: TaskID, by new: TaskID, in set: String) async throws -> Bool {
        guard let record = try await taskSet(set), var members = record.members, let index = members.firstIndex(of: old) else { return false }
        members[index] = new
        try await write(members, of: set, created: record.created)
        return true
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
