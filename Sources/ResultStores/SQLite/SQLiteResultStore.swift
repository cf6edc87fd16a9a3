package import CeleryCore
package import SQLite

/// Stores results in a `celery.db`.
package final class SQLiteResultStore: RevocationAnnouncing, SQLiteFileHolding {
    package let file: DatabaseFile
    package let location: String
    /// Seconds a result is kept.
    private let expires: Double?
    let now: @Sendable () -> Timestamp

    package init(file: DatabaseFile, expires: Double?, now: @escaping @Sendable () -> Timestamp = { .now }) {
        self.file = file
        location = "sqlite://\(file.path)"
        self.expires = expires
        self.now = now
    }

    package func store(_ results: [TaskResult]) async throws {
        guard !results.isEmpty else { return }
        let until = expires.map { now().seconds + $0 }
        try await file.write(waking: true) { db in
            for result in results { try ResultTable.store(result, expires: until, in: db) }
        }
    }

    package func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        let now = self.now()
        return try await file.read { db in
            var found: [TaskID: TaskResult] = [:]
            for id in ids { found[id] = try ResultTable.fetch(id, now: now, in: db) }
            return found
        }
    }

    package func forget(_ ids: [TaskID]) async throws -> Int {
        try await file.write { db in
            let statement = try db.cachedStatement(sql: "DELETE FROM result WHERE id = ?")
            var count = 0
            for id in ids {
                try statement.execute(arguments: [id.text])
                count += db.changesCount
            }
            return count
        }
    }

    package func close() async { file.close() }
}

extension SQLiteResultStore: ResultWatching {
    package func mark() async -> ResultMark { ResultMark(number: file.watch.generation) }

    package func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        let fallback = ContinuousClock.now + .seconds(1)
        await file.watch.wait(since: mark.number, until: deadline.map { min($0, fallback) } ?? fallback)
        try Task.checkCancellation()
        // No process writes to a file that was removed, and reading it keeps working.
        try file.checkInPlace()
    }
}

extension SQLiteResultStore: ResultExpiring {
    package func dropExpired(now: Timestamp, limit: Int) async throws -> Int {
        let count = try await file.write { db in
            try db.execute(
                sql: """
                    DELETE FROM result WHERE number IN (
                        SELECT number FROM result WHERE expires IS NOT NULL AND expires <= ? ORDER BY expires LIMIT ?)
                    """,
                arguments: [now.seconds, limit])
            return db.changesCount
        }
        // There are probably more.
        if count == limit { try await file.letOthersWrite() }
        return count
    }
}

extension SQLiteResultStore: ResultFeeding {
    package func feedPosition() async throws -> Int64 {
        try await file.read { try Int64.fetchOne($0, sql: "SELECT max(number) FROM result") ?? 0 }
    }

    package func changes(after position: Int64) async throws -> (ids: [TaskID], position: Int64) {
        try await file.read { db in
            let statement = try db.cachedStatement(sql: "SELECT number, id FROM result WHERE number > ? ORDER BY number")
            var ids: [TaskID] = []
            var last = position
            let rows = try Row.fetchCursor(statement, arguments: [position])
            while let row = try rows.next() {
                last = row[0]
                ids.append(TaskID(row[1]))
            }
            return (ids, last)
        }
    }
}
