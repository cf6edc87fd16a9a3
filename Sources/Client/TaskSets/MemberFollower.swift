package import CeleryCore

/// Waits for the results of tasks that are sent meanwhile, without looking up every task each time.
///
/// Tasks are added before they are sent, so that no result is missed. One caller calls `next`.
package actor MemberFollower {
    /// What `next` found.
    package struct News: Sendable {
        /// Final results, each reported once.
        package var results: [TaskResult] = []
        /// Tasks that neither broker nor store knows: their results are ignored, or somebody deleted their messages or results.
        package var gone: [TaskID] = []

        /// Nothing, or results that are known already.
        package init(results: [TaskResult] = []) { self.results = results }

        var isEmpty: Bool { results.isEmpty && gone.isEmpty }
    }

    private let client: Client
    /// The awaited tasks, and whether the broker has confirmed them.
    private var open: [TaskID: Bool] = [:]
    private var position: Int64?
    private var lastLook = ContinuousClock.now
    private var nextFullLook = ContinuousClock.now

    /// How often every task is looked up, regardless of the feed; less often if that takes long.
    private static let fullLook: Duration = .seconds(2)
    /// Number of ids per lookup.
    private static let chunk = 500
    /// Up to this number of tasks, looking them all up costs less than following a feed.
    private static let few = 16
    /// With more tasks, results are collected for so long: one look at many costs less than many looks.
    private static let gathering: Duration = .milliseconds(10)

    package init(client: Client) { self.client = client }

    /// Adds tasks that are about to be sent.
    package func expect(_ ids: [TaskID]) { for id in ids { open[id] = false } }

    /// Reports that the broker has these tasks: from now on they are known to broker or store, or gone.
    package func confirm(_ ids: [TaskID]) { for id in ids where open[id] != nil { open[id] = true } }

    /// Removes tasks whose results are no longer awaited.
    package func drop(_ ids: some Sequence<TaskID> & Sendable) { for id in ids { open[id] = nil } }

    /// The awaited tasks.
    package var awaited: [TaskID] { Array(open.keys) }

    /// Waits until something is known about awaited tasks.
    ///
    /// - Throws: `DriverError` when the store or the broker cannot be used; `CancellationError`.
    package func next() async throws -> News {
        let store = try client.store
        let watching = store as? any ResultWatching
        let feed = store as? any ResultFeeding
        if position == nil { position = try await feed?.feedPosition() }
        while true {
            if open.count > Self.few { try await Task.sleep(until: lastLook + Self.gathering) }
            try Task.checkCancellation()
            let mark = await watching?.mark()
            let news = try await look(store, feed)
            lastLook = .now
            if !news.isEmpty { return news }
            if let watching, let mark {
                try await watching.waitForChange(since: mark, until: nextFullLook)
            } else {
                try await Task.sleep(until: min(nextFullLook, .now + .milliseconds(500)))
            }
        }
    }

    private func look(_ store: any ResultStore, _ feed: (any ResultFeeding)?) async throws -> News {
        var news = News()
        let now = ContinuousClock.now
        if nextFullLook <= now {
            try await probe()
            let confirmed = open.filter(\.value).map(\.key)
            try await look(for: Array(open.keys), store, &news)
            try await lookForGone(among: confirmed, &news)
            nextFullLook = .now + max(Self.fullLook, (.now - now) * 20)
        } else if let feed, let old = position, open.count > Self.few {
            let changes = try await feed.changes(after: old)
            position = changes.position
            try await look(for: changes.ids.filter { open[$0] != nil }, store, &news)
        } else {
            try await look(for: Array(open.keys), store, &news)
        }
        return news
    }

    /// Without a broker no result comes.
    private func probe() async throws {
        do {
            try await (client.broker as? any BrokerProbing)?.probe()
        } catch let error as DriverError where error.code != .unreachable {
            // It is there, and may be busy.
        }
    }

    private func look(for wanted: [TaskID], _ store: any ResultStore, _ news: inout News) async throws {
        for start in stride(from: 0, to: wanted.count, by: Self.chunk) {
            let chunk = Array(wanted[start..<min(start + Self.chunk, wanted.count)])
            let results = try await store.results(for: chunk)
            for id in chunk {
                guard let result = results[id], result.state.isReady, open.removeValue(forKey: id) != nil else { continue }
                news.results.append(result)
            }
        }
    }

    /// - Parameter ids: Tasks that were confirmed before the look for their results.
    private func lookForGone(among ids: [TaskID], _ news: inout News) async throws {
        for status in try await client.status(of: ids.filter { open[$0] != nil }) where status.state == .unknown {
            if open.removeValue(forKey: status.id) != nil { news.gone.append(status.id) }
        }
    }
}
