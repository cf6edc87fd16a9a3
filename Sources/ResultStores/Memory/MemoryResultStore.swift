package import CeleryCore
import Synchronization

/// Stores results in this process: for tests and examples.
package final class MemoryResultStore: RevocationAnnouncing, RequestKeeping {
    package let location = "memory://"
    private let expires: Double?
    private let now: @Sendable () -> Timestamp
    private let bell = Bell()
    private let outputs = Mutex<[TaskID: [AttemptOutput]]>([:])
    let sets = Mutex<[String: TaskSetRecord]>([:])
    private let records = Mutex<[TaskID: (result: TaskResult, expires: Timestamp?)]>([:])

    package init(expires: Double? = nil, now: @escaping @Sendable () -> Timestamp = { .now }) {
        self.expires = expires
        self.now = now
    }

    package func store(_ results: [TaskResult]) async throws {
        let until = expires.map { Timestamp(seconds: now().seconds + $0) }
        records.withLock { records in
            for result in results {
                if let old = records[result.id]?.result {
                    let isAnnounced = old.attempt == 0 && result.attempt > 0
                    if old.attempt > result.attempt || (old.state.isReady && !isAnnounced) { continue }
                }
                var result = result
                if result.request == nil { result.request = records[result.id]?.result.request }
                records[result.id] = (result, until)
            }
        }
        bell.ring()
    }

    package func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        let now = self.now()
        return records.withLock { records in
            var found: [TaskID: TaskResult] = [:]
            for id in ids {
                guard let record = records[id], record.expires.map({ $0 > now }) ?? true else { continue }
                found[id] = record.result
                found[id]?.request = nil
            }
            return found
        }
    }

    package func requests(for ids: [TaskID]) async throws -> [TaskID: Message] {
        records.withLock { records in
            Dictionary(uniqueKeysWithValues: Set(ids).compactMap { id in records[id]?.result.request.map { (id, $0) } })
        }
    }

    package func forget(_ ids: [TaskID]) async throws -> Int {
        outputs.withLock { outputs in for id in ids { outputs[id] = nil } }
        return records.withLock { records in ids.count { records.removeValue(forKey: $0) != nil } }
    }

    package func close() async { bell.ring() }
}

extension MemoryResultStore: ResultWatching {
    package func mark() async -> ResultMark { ResultMark(number: bell.count) }

    package func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        await bell.wait(since: mark.number, until: deadline)
        try Task.checkCancellation()
    }
}

extension MemoryResultStore: ResultExpiring {
    package func dropExpired(now: Timestamp, limit: Int) async throws -> Int {
        records.withLock { records in
            let expired = records.filter { $0.value.expires.map { $0 <= now } ?? false }.prefix(limit)
            for (id, _) in expired {
                records[id] = nil
                outputs.withLock { $0[id] = nil }
            }
            return expired.count
        }
    }
}

extension MemoryResultStore: OutputKeeping {
    package func keep(_ kept: [AttemptOutput]) async throws {
        outputs.withLock { outputs in
            for output in kept {
                let old = outputs[output.id, default: []]
                if !output.isFinal, old.contains(where: { $0.attempt == output.attempt && $0.isFinal }) { continue }
                let others = old.filter { $0.attempt != output.attempt && $0.attempt > output.attempt - AttemptOutput.attemptLimit }
                outputs[output.id] = (others + [output]).sorted { $0.attempt < $1.attempt }
            }
        }
    }

    package func outputs(of id: TaskID, from attempt: Int) async throws -> [AttemptOutput] {
        outputs.withLock { $0[id, default: []].filter { $0.attempt >= attempt } }
    }
}
