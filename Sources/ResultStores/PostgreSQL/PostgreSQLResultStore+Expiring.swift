package import CeleryCore
import SQL

extension PostgreSQLResultStore: ResultExpiring {
    package func dropExpired(now: Timestamp, limit: Int) async throws -> Int {
        guard try await readTables({ _ in true }) == true else { return 0 }
        var count = 0
        // Each a statement of its own: nobody waits for long.
        for (table, key) in [("celery_result", "id"), ("celery_output", "id, attempt"), ("celery_task_set", "id")] where count < limit {
            // Two who delete at once do not wait for each other.
            let sql = """
                DELETE FROM \(table) WHERE (\(key)) IN (
                    SELECT \(key) FROM \(table) WHERE expires <= $1::double precision ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED)
                """
            let most = Int64(limit - count)
            count += try await database.write(isOneStatement: true) { try $0.execute(sql, [SQLValue(seconds: now.seconds), .integer(most)]) }
        }
        return count
    }
}

extension PostgreSQLResultStore: DurabilityChecking {
    package func durabilityWarnings() async throws -> [String] {
        let dangers = [
            "fsync": "a power failure may destroy the database", "full_page_writes": "a power failure may destroy pages of the database",
            "synchronous_commit": "a crash of the server loses the results of the last moment",
        ]
        let rows = try await database.read { db in
            try db.rows("SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name")
        }
        return rows.compactMap { row in
            guard row[1].text == "off", let name = row[0].text, let danger = dangers[name] else { return nil }
            return "\(location) has \(name) = off: \(danger); set it to on"
        }
    }
}
