package import CeleryCore

extension RedisResultStore: ResultWatching {
    package func mark() async -> ResultMark { ResultMark(number: watch.bell.count) }

    package func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        await watch.wait(since: mark.number, until: deadline)
        try Task.checkCancellation()
    }
}

extension RedisResultStore: ResultFeeding {
    package func feedPosition() async throws -> Int64 { watch.follow() }

    package func changes(after position: Int64) async throws -> (ids: [TaskID], position: Int64) { watch.changes(after: position) }
}
