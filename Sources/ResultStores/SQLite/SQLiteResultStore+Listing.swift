package import CeleryCore
import CeleryDB

extension SQLiteResultStore: ResultListing {
    package func listedTasks(_ filter: TaskFilter, before position: Int64?, limit: Int) async throws -> [ListedTask] {
        let now = self.now()
        return try await file.read { try ResultTable.page(filter, before: position, limit: limit, now: now, in: $0) }
    }
}

extension SQLiteResultStore: TaskPaging {
    package func taskPart(
        _ filter: TaskFilter, before position: Int64?, limit: Int, within time: Duration
    ) async throws -> TaskPart {
        let now = self.now()
        let deadline = ContinuousClock.now + time
        return try await file.read { try ResultTable.part(filter, before: position, limit: limit, now: now, until: deadline, in: $0) }
    }
}
