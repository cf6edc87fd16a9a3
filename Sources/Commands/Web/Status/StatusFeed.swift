import CeleryCore
import Client
import WebServer

/// Tells all who watch tasks of their states: one look at the store for all of them, however many they are.
actor StatusFeed {
    /// What a watcher gets.
    enum Item: Sendable, Equatable {
        /// The first one at once, then one for each change.
        case status(StatusDocument)
        /// Nothing has happened for a while.
        case pulse
    }

    private struct Watcher {
        let id: TaskID
        let continuation: AsyncStream<Item>.Continuation
        /// Until when it waits; `nil` until the task has ended.
        let end: ContinuousClock.Instant?
        var last: StatusDocument?
        var spoke: ContinuousClock.Instant
    }

    private let client: Client
    private var watchers: [Int: Watcher] = [:]
    private var count = 0
    private var isFollowing = false

    /// The store tells of results; what only the broker knows, such as that a task has begun, is looked up now and then.
    private static let interval: Duration = .seconds(1)
    /// Between looks at a store that does not tell.
    private static let shortInterval: Duration = .milliseconds(250)
    /// Ids of one look.
    private static let chunk = 500

    init(client: Client) { self.client = client }

    /// Follows a task to its end.
    ///
    /// - Parameter end: When to stop before.
    func watch(_ id: TaskID, until end: ContinuousClock.Instant?) -> AsyncStream<Item> {
        let (stream, continuation) = AsyncStream.makeStream(of: Item.self, bufferingPolicy: .bufferingNewest(16))
        count += 1
        let number = count
        watchers[number] = Watcher(id: id, continuation: continuation, end: end, spoke: .now)
        continuation.onTermination = { _ in Task { await self.forget(number) } }
        if isFollowing {
            Task { await self.look([number]) }
        } else {
            isFollowing = true
            Task { await self.follow() }
        }
        return stream
    }

    private func forget(_ number: Int) { watchers[number] = nil }

    private func follow() async {
        let watching = (try? client.store) as? any ResultWatching
        while !watchers.isEmpty {
            let mark = await watching?.mark()
            await look(Array(watchers.keys))
            speak(.now)
            let now = ContinuousClock.now
            let wake = watchers.values.compactMap(\.end).min().map { min($0, now + Self.interval) } ?? now + Self.interval
            if let watching, let mark {
                do {
                    try await watching.waitForChange(since: mark, until: wake)
                } catch {
                    // Unreachable for now.
                    try? await Task.sleep(for: Self.interval)
                }
            } else {
                try? await Task.sleep(until: min(wake, now + Self.shortInterval))
            }
        }
        isFollowing = false
    }

    /// Looks up the tasks of some watchers, and tells them of changes.
    private func look(_ numbers: [Int]) async {
        let ids = numbers.compactMap { watchers[$0]?.id }.distinct
        let hidesResults = client.settings.web.hidesResults
        var documents: [TaskID: StatusDocument] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.chunk) {
            let chunk = Array(ids[start..<min(start + Self.chunk, ids.count)])
            // What cannot be read now is read at the next look.
            for status in (try? await client.status(of: chunk)) ?? [] {
                documents[status.id] = StatusDocument(status, hidesResults: hidesResults)
            }
        }
        for number in numbers {
            guard var watcher = watchers[number], let document = documents[watcher.id], document != watcher.last else { continue }
            watcher.continuation.yield(.status(document))
            watcher.last = document
            watcher.spoke = .now
            watchers[number] = watcher
            if document.isFinished { watcher.continuation.finish() }
        }
    }

    /// Ends the watchers whose time is over, and lets those hear something that have heard nothing for long.
    private func speak(_ now: ContinuousClock.Instant) {
        for (number, watcher) in watchers {
            if let end = watcher.end, end <= now {
                watcher.continuation.finish()
            } else if now - watcher.spoke >= WebStream.commentInterval - Self.interval {
                watcher.continuation.yield(.pulse)
                watchers[number]?.spoke = now
            }
        }
    }
}
