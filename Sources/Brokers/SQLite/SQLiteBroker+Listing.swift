package import CeleryCore
import CeleryDB

extension SQLiteBroker: WaitingListing {
    package func waitingTasks(_ filter: TaskFilter, limit: Int) async throws -> [ListedTask] {
        let now = self.now()
        return try await file.read { db in
            let tasks = try MessageTable.running(filter, limit: limit, now: now, in: db)
                + MessageTable.waiting(filter, limit: limit, now: now, in: db)
            return Array(tasks.sorted { ($0.changed, $0.position) > ($1.changed, $1.position) }.prefix(limit))
        }
    }
}

extension SQLiteBroker: TaskPaging {
    package func taskPart(
        _ filter: TaskFilter, before position: Int64?, limit: Int, within time: Duration
    ) async throws -> TaskPart {
        let now = self.now()
        let deadline = ContinuousClock.now + time
        return try await file.read { try MessageTable.waiting(filter, before: position, limit: limit, now: now, until: deadline, in: $0) }
    }
}
