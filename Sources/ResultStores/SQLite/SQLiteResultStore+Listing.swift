package import CeleryCore
import CeleryDB

extension SQLiteResultStore: ResultListing {
    package func listedTasks(_ filter: TaskFilter, before position: Int64?, limit: Int) async throws -> [ListedTask] {
        let now = self.now()
        return try await file.read { try ResultTable.page(filter, before: position, limit: limit, now: now, in: $0) }
    }
}
