package import CeleryCore
package import CeleryDB

/// Stores results in a `celery.db`.
package final class SQLiteResultStore: RevocationAnnouncing, RequestKeeping, SQLiteFileHolding {
    package let file: DatabaseFile
    package let location: String
    /// Seconds a result is kept.
    let expires: Double?
    /// The size in bytes up to which the arguments of a message are kept with its result.
    private let argumentLimit: Int
    /// Seconds the output of an attempt is kept.
    let outputExpires: Double?
    let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - expires: Seconds a result is kept; `nil` for ever.
    ///   - outputExpires: Seconds the output of an attempt is kept; `nil` as long as results.
    package init(
        file: DatabaseFile, expires: Double?, argumentLimit: Int = 65_536, outputExpires: Double? = nil,
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.file = file
        location = "sqlite://\(file.path)"
        self.expires = expires
        self.argumentLimit = argumentLimit
        self.outputExpires = outputExpires ?? expires
        self.now = now
    }

    package func store(_ results: [TaskResult]) async throws {
        guard !results.isEmpty else { return }
        let now = self.now()
        let until = expires.map { now.seconds + $0 }
        // What a running task says may be lost in a power failure, as the task is.
        let isDurable = results.contains { $0.state != TaskProgress.state }
        try await file.write(waking: true, durable: isDurable) { [argumentLimit] db in
            for result in results { try ResultTable.store(result, keeping: argumentLimit, expires: until, now: now, in: db) }
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

    package func requests(for ids: [TaskID]) async throws -> [TaskID: Message] {
        let now = self.now()
        return try await file.read { db in
            var found: [TaskID: Message] = [:]
            for id in ids { found[id] = try ResultTable.request(of: id, now: now, in: db) }
            return found
        }
    }

    package func forget(_ ids: [TaskID]) async throws -> Int {
        try await file.write { db in
            var count = 0
            for id in ids {
                if try ResultTable.remove(id, in: db) { count += 1 }
                try OutputTable.remove(id, in: db)
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

extension SQLiteResultStore: TaskIDListing {
    package func taskIDs(startingWith prefix: String, limit: Int) async throws -> [TaskID] {
        try await file.read { try IDColumn.ids(in: "result", startingWith: prefix, limit: limit, of: $0) }
    }
}

extension SQLiteResultStore: ResultExpiring {
    package func dropExpired(now: Timestamp, limit: Int) async throws -> Int {
        let count = try await file.write { db in
            let results = try ResultTable.dropExpired(now: now, limit: limit, in: db)
            let outputs = try OutputTable.dropExpired(now: now, limit: limit - results, in: db)
            return try results + outputs + TaskSetTable.dropExpired(now: now, limit: limit - results - outputs, in: db)
        }
        // There are probably more.
        if count == limit { try await file.letOthersWrite() }
        return count
    }
}

extension SQLiteResultStore: ResultFeeding {
    package func feedPosition() async throws -> Int64 {
        try await file.read { try ResultTable.last(in: $0) }
    }

    package func changes(after position: Int64) async throws -> (ids: [TaskID], position: Int64) {
        try await file.read { try ResultTable.changes(after: position, in: $0) }
    }
}
