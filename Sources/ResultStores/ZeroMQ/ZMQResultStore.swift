package import CeleryCore
package import CeleryZMQ
import Synchronization

/// Stores results in the `celery.db` behind a `celery broker`.
package final class ZMQResultStore: RevocationAnnouncing, RequestKeeping, ZMQLinked {
    package let link: ZMQLink
    /// The newest position of the results that the server has told.
    private let newest = Atomic<Int64>(-1)
    /// Whether somebody waits at the server, and who waits for what comes of it.
    private let isWatching = Atomic<Bool>(false)
    private let bell = Bell()

    package init(_ options: ZMQOptions) throws(DriverError) { link = try ZMQLink(options) }

    package var location: String { link.location }

    package func store(_ results: [TaskResult]) async throws { if !results.isEmpty { _ = try await link.askInParts(Verbs.store, results) } }

    package func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        guard !ids.isEmpty else { return [:] }
        do {
            return try await link.ask(Verbs.results, ids)
        } catch let error as DriverError where error.code == .refused && ids.count > 1 {
            // Together they do not fit into one answer.
            let middle = ids.count / 2
            let first = try await results(for: Array(ids[..<middle]))
            return first.merging(try await results(for: Array(ids[middle...]))) { $1 }
        }
    }

    package func requests(for ids: [TaskID]) async throws -> [TaskID: Message] { ids.isEmpty ? [:] : try await link.ask(Verbs.requests, ids) }

    package func forget(_ ids: [TaskID]) async throws -> Int { ids.isEmpty ? 0 : try await link.ask(Verbs.forget, ids) }

    package func close() async { await link.close() }
}

/// A mark is the newest position that this client has heard of: older than the truth at worst, so that a wait may end early, never late.
extension ZMQResultStore: ResultWatching {
    package func mark() async -> ResultMark { ResultMark(number: UInt64(bitPattern: newest.load(ordering: .relaxed))) }

    /// One request waits for all who wait here: hundreds of waiting tasks must not take the room of those that send.
    package func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        let seen = bell.count
        guard newest.load(ordering: .relaxed) == Int64(bitPattern: mark.number) else { return }
        watch(since: Int64(bitPattern: mark.number))
        // The server tells of results; what else may matter is looked at after a while.
        let look = ContinuousClock.now + Self.fallbackLook
        await bell.wait(since: seen, until: deadline.map { min($0, look) } ?? look)
        try Task.checkCancellation()
    }

    private static let fallbackLook: Duration = .seconds(2)

    /// Asks for the next result, unless somebody does.
    private func watch(since position: Int64) {
        guard !isWatching.exchange(true, ordering: .acquiringAndReleasing) else { return }
        Task { [self] in
            if let position = try? await link.ask(Verbs.awaitChange, Pair(position, Self.fallbackLook)) {
                // Not the greatest of all: a file that was replaced begins anew.
                newest.store(position, ordering: .relaxed)
            } else {
                // Whoever looks for results then is told what is wrong.
                try? await Task.sleep(for: .milliseconds(200))
            }
            isWatching.store(false, ordering: .releasing)
            bell.ring()
        }
    }
}

extension ZMQResultStore: ResultFeeding {
    package func feedPosition() async throws -> Int64 {
        let position = try await link.ask(Verbs.feedPosition, Nothing())
        newest.store(position, ordering: .relaxed)
        return position
    }

    package func changes(after position: Int64) async throws -> (ids: [TaskID], position: Int64) {
        let changes = try await link.ask(Verbs.changes, position)
        return (changes.first, changes.second)
    }
}

extension ZMQResultStore: ResultExpiring {
    /// By the clock of the server.
    package func dropExpired(now: Timestamp, limit: Int) async throws -> Int { try await link.ask(Verbs.dropExpired, limit) }
}

extension ZMQResultStore: TaskIDListing {
    package func taskIDs(startingWith prefix: String, limit: Int) async throws -> [TaskID] {
        try await link.ask(Verbs.resultIDs, Pair(prefix, limit))
    }
}

extension ZMQResultStore: ResultListing {
    package func listedTasks(_ filter: TaskFilter, before position: Int64?, limit: Int) async throws -> [ListedTask] {
        try await link.ask(Verbs.listedTasks, Triple(filter, position, limit))
    }
}

extension ZMQResultStore: OutputKeeping {
    package func keep(_ outputs: [AttemptOutput]) async throws { if !outputs.isEmpty { _ = try await link.askInParts(Verbs.keepOutputs, outputs) } }

    package func outputs(of id: TaskID, from attempt: Int) async throws -> [AttemptOutput] {
        try await link.ask(Verbs.outputs, Pair(id, attempt))
    }
}

extension ZMQResultStore: TaskSetKeeping {
    package var taskSetLimit: Int? { nil }
    package func keep(_ set: TaskSetRecord) async throws { _ = try await link.ask(Verbs.keepTaskSet, set) }
    package func taskSet(_ id: String) async throws -> TaskSetRecord? { try await link.ask(Verbs.taskSet, id) }
    package func taskSets(limit: Int) async throws -> [TaskSetRecord] { try await link.ask(Verbs.taskSets, limit) }
    package func replace(_ old: TaskID, by new: TaskID, in set: String) async throws -> Bool {
        try await link.ask(Verbs.replaceMember, Triple(old, new, set))
    }
    package func forgetTaskSets(_ ids: [String]) async throws -> Int { try await link.ask(Verbs.forgetTaskSets, ids) }
}

/// For workers with another broker.
extension ZMQResultStore: SlotKeeping {
    package func claim(_ claims: [SlotClaim], by worker: String, for lease: Duration) async throws -> [Bool] {
        claims.isEmpty ? [] : try await link.ask(Verbs.claimSlots, Triple(claims, worker, lease))
    }
    package func leaveSlots(_ holders: [String]?, of worker: String) async throws { _ = try await link.ask(Verbs.freeSlots, Pair(holders, worker)) }
    package func holders(of task: String, key: String) async throws -> [TaskID] { try await link.ask(Verbs.slotHolders, Pair(task, key)) }
    package func renewSlots(of worker: String, for lease: Duration) async throws { _ = try await link.ask(Verbs.renewSlots, Pair(worker, lease)) }
}
