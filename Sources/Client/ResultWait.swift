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
        var position = try await feed?.feedPosition()
        var nextFullLook = ContinuousClock.now
        while true {
            try Task.checkCancellation()
            let mark = await watching?.mark()
            if nextFullLook <= .now || open.count <= Self.few || position == nil {
                try await look(for: ids.filter { open.contains($0) }, onResult)
                if nextFullLook <= .now {
                    gone.formUnion(try await dropGone())
                    nextFullLook = .now + Self.fullLook
                }
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
            for id in chunk {
                guard let result = results[id], result.state.isReady, open.remove(id) != nil else { continue }
                try onResult(result)
            }
        }
    }

    /// Removes tasks that neither broker nor store knows.
    ///
    /// - Returns: The removed ids.
    private mutating func dropGone() async throws -> Set<TaskID> {
        var gone: Set<TaskID> = []
        for status in try await client.status(of: Array(open)) where status.state == .unknown { gone.insert(status.id) }
        open.subtract(gone)
        return gone
    }
}
