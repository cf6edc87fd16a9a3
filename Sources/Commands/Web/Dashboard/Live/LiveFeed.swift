import CeleryCore
import Client
import WebServer

/// Tells all open pages when to look again: one look at the store for all of them.
actor LiveFeed {
    private let client: Client
    private var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
    private var count = 0
    private var isFollowing = false

    /// At least between two looks, however much happens.
    private static let pause: Duration = .seconds(1)
    /// At most, since times pass on the pages even if nothing happens.
    private static let interval: Duration = .seconds(5)
    /// Where the store does not tell of changes.
    private static let blindInterval: Duration = .seconds(2)

    init(client: Client) { self.client = client }

    /// A beat for each time to look. A page that is slow gets one for several.
    func listen() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        count += 1
        let number = count
        listeners[number] = continuation
        continuation.onTermination = { _ in Task { await self.forget(number) } }
        if !isFollowing {
            isFollowing = true
            Task { await self.follow() }
        }
        return stream
    }

    private func forget(_ number: Int) { listeners[number] = nil }

    private func follow() async {
        let watching = (try? client.store) as? any ResultWatching
        while !listeners.isEmpty {
            let mark = await watching?.mark()
            try? await Task.sleep(for: Self.pause)
            let end = ContinuousClock.now + (watching == nil ? Self.blindInterval : Self.interval) - Self.pause
            await wait(watching, since: mark, until: end)
            for listener in listeners.values { listener.yield() }
        }
        isFollowing = false
    }

    /// Waits for a change of the store. Its wait may end without one.
    private func wait(_ watching: (any ResultWatching)?, since mark: ResultMark?, until end: ContinuousClock.Instant) async {
        guard let watching, let mark else {
            try? await Task.sleep(until: end)
            return
        }
        while ContinuousClock.now < end, await watching.mark() == mark {
            do {
                try await watching.waitForChange(since: mark, until: end)
            } catch {
                // Unreachable for now.
                try? await Task.sleep(until: end)
            }
        }
    }
}

/// `/live`: the events upon which pages look again.
struct LiveRoutes: Sendable {
    private let feed: LiveFeed

    init(client: Client) { feed = LiveFeed(client: client) }

    var routes: [WebRoute] {
        [
            WebRoute("GET", "/live", .right(.read)) { _ in
                .now(
                    WebResponse(
                        200, headers: [WebField("Content-Type", "text/event-stream"), WebField("X-Accel-Buffering", "no")],
                        body: .stream { stream in
                            // The browser learns at once that it is connected.
                            guard stream.sendComment() else { return }
                            for await _ in await feed.listen() {
                                guard stream.send(Array("changed".utf8)) else { return }
                            }
                        }))
            },
        ]
    }
}
