package import CeleryCore
import CeleryDB

extension SQLiteResultStore: TaskSetKeeping {
    package var taskSetLimit: Int? { nil }

    package func keep(_ set: TaskSetRecord) async throws {
        guard set.members == nil else { throw DriverError.lacks("keep a task-set whose members are not numbered", location) }
        let until = expires.map { now().seconds + $0 }
        try await file.write(waking: true) { try TaskSetTable.keep(set, expires: until, in: $0) }
    }

    package func taskSet(_ id: String) async throws -> TaskSetRecord? {
        let now = self.now()
        return try await file.read { try TaskSetTable.fetch(id, now: now, in: $0) }
    }

    package func taskSets(limit: Int) async throws -> [TaskSetRecord] {
        let now = self.now()
        return try await file.read { try TaskSetTable.list(limit: limit, now: now, in: $0) }
    }

    package func replace(_ old: TaskID, by new: TaskID, in set: String) async throws -> Bool {
        let now = self.now()
        return try await file.write(waking: true) { db in
            guard let record = try TaskSetTable.fetch(set, now: now, in: db), let number = record.number(of: old) else { return false }
            try TaskSetTable.replace(old, number: number, by: new, in: set, db)
            return true
        }
    }

    package func forgetTaskSets(_ ids: [String]) async throws -> Int {
        try await file.write { db in try ids.count { try TaskSetTable.remove($0, in: db) } }
    }
}
