import CeleryCore
import Synchronization

/// Tells clients that wait for results that there are new ones: one look at the store for all of them.
final class ResultPulse: Sendable {
    private let store: any ResultStore
    private let bell = Bell()
    private let position = Mutex<Int64>(-1)

    /// How often to look in a store that does not tell of changes, and after an error.
    private static let pause: Duration = .milliseconds(200)

    init(_ store: any ResultStore) { self.store = store }

    /// Follows the store until the task is cancelled.
    func run() async {
        guard let feed = store as? any ResultFeeding else { return }
        while !Task.isCancelled {
            let watching = store as? any ResultWatching
            let mark = await watching?.mark()
            do {
                let now = try await feed.feedPosition()
                let isNews = position.withLock { position in
                    defer { position = now }
                    return position != now
                }
                if isNews { bell.ring() }
                if let watching, let mark {
                    try await watching.waitForChange(since: mark, until: nil)
                } else {
                    try await Task.sleep(for: Self.pause)
                }
            } catch {
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    /// Waits until the position is another.
    ///
    /// - Returns: The position.
    func change(since known: Int64, until deadline: ContinuousClock.Instant) async -> Int64 {
        while true {
            let seen = bell.count
            let now = position.withLock { $0 }
            if now != known || deadline <= .now || Task.isCancelled { return now }
            await bell.wait(since: seen, until: deadline)
        }
    }
}
