package import CeleryCore
import CeleryDB
import SQLite

extension SQLiteBroker: AgeKnowing {
    package func oldestWaiting() async throws -> [String: Timestamp] {
        try await file.read { db in
            // Tags ascend in the order of submission, and are in the index; one message of each queue is looked up.
            let sql = """
                SELECT x.queue, m.submitted FROM (SELECT queue, min(tag) AS tag FROM ready GROUP BY queue) x
                CROSS JOIN message m ON m.tag = x.tag
                """
            var oldest: [String: Timestamp] = [:]
            for row in try Row.fetchAll(db, sql: sql) {
                let (queue, submitted): (String, Double) = (row[0], row[1])
                oldest[queue] = Timestamp(seconds: submitted)
            }
            return oldest
        }
    }
}
