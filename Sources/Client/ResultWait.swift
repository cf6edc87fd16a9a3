package import CeleryCore

/// Awaited tasks without a result.
package struct Unfinished: Sendable, Equatable {
    /// Still waiting or running at the deadline.
    package var late: Set<TaskID> = []
    /// Unknown to broker and store: their results are ignored, or their messages or results were deleted.
    package var gone: Set<TaskID> = []

    package var isEmpty: Bool { late.isEmpty && gone.isEmpty }
}

/// Waits for the results of many tasks, without looking up every task each time.
struct ResultWait {
    private let client: Client
    private let ids: [TaskID]
    private let deadline: ContinuousClock.Instant?
    private var open: Set<TaskID>

    /// How often every open id is looked up, regardless of the feed.
    private static let fullLook: Duration = .seconds(2)
    /// Number of ids per lookup.
    private static let chunk = 500
    /// Up to this number of open ids, looking them all up costs less than following a feed.
    private static let few = 64

    init(client: Client, ids: [TaskID], timeout: Duration?) {
        self.client = client
        self.ids = ids
        deadline = timeout.map { ContinuousClock.now + $0 }
        open = Set(ids)
    }

    mutating func run(_ onResult: (TaskResult) throws -> Void) async throws -> Unfinished {
        let watching = try client.store as? any ResultWatching
        let feed = try client.store as? any ResultFeeding
        var gone: Set<TaskID> = []
        var position = ids.count > Self.few ? try await feed?.feedPosition() : nil
        var nextFullLook = ContinuousClock.now
        while true {
            try Task.checkCancellation()
            let mark = await watching?.mark()
            if nextFullLook <= .now {
                gone.formUnion(try await lookAtAll(onResult))
                nextFullLook = .now + Self.fullLook
            } else if open.count <= Self.few || position == nil {
                try await look(for: ids.filter { open.contains($0) }, onResult)
            } else if let feed, let old = position {
                let changes = try await feed.changes(after: old)
                position = changes.position
                try await look(for: changes.ids.filter { open.contains($0) }, onResult)
            }
            if open.isEmpty || deadline.map({ $0 <= .now }) ?? false { return Unfinished(late: open, gone: gone) }
            let wake = deadline.map { min($0, nextFullLook) } ?? nextFullLook
            if let watching, let mark {
                try await watching.waitForChange(since: mark, until: wake)
            } else {
                try await Task.sleep(until: min(wake, .now + .milliseconds(500)))
            }
        }
    }

    private mutating func look(for wanted: [TaskID], _ onResult: (TaskResult) throws -> Void) async throws {
        for start in stride(from: 0, to: wanted.count, by: Self.chunk) {
            let chunk = Array(wanted[start..<min(start + Self.chunk, wanted.count)])
            let results = try await client.store.results(for: chunk)
            for id in chunk { try end(id, results[id], onResult) }
        }
    }

    /// Looks up every open task at the broker and in the store, and removes the tasks that are unknown to both.
    ///
    /// - Returns: The removed ids.
    private mutating func lookAtAll(_ onResult: (TaskResult) throws -> Void) async throws -> Set<TaskID> {
        var gone: Set<TaskID> = []
        let wanted = ids.filter { open.contains($0) }
        for start in stride(from: 0, to: wanted.count, by: Self.chunk) {
            let chunk = Array(wanted[start..<min(start + Self.chunk, wanted.count)])
            let statuses: [TaskStatus]
            do {
                statuses = try await client.status(of: chunk)
            } catch {
                // A broker that is away keeps back no result that is stored elsewhere.
                try await look(for: chunk, onResult)
                if open.isDisjoint(with: chunk) { continue }
                throw error
            }
            for status in statuses {
                try end(status.id, status.result, onResult)
                if status.state == .unknown, open.remove(status.id) != nil { gone.insert(status.id) }
            }
        }
        return gone
    }

    /// Passes on a final result of a task that is waited for.
    private mutating func end(_ id: TaskID, _ result: TaskResult?, _ onResult: (TaskResult) throws -> Void) throws {
        guard let result, result.state.isReady, open.remove(id) != nil else { return }
        try onResult(result)
    }
}
