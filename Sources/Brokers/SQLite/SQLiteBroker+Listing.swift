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
