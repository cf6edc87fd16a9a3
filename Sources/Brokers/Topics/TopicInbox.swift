import CeleryCore
import DequeModule
import Synchronization

/// What arrives by the connection of a mailbox, until its reader takes it.
final class TopicInbox<Item: Sendable, Failure: Error>: Sendable {
    /// What a follower should know about the connection.
    struct News {
        /// How many items were dropped since the last news, because they came faster than they were taken.
        var dropped = 0
        /// How many connections there have been, the present one included.
        var connections = 0
        /// The last loss of a connection since the last news.
        var loss: Failure?
    }

    private struct State {
        var items: Deque<Item> = []
        var news = News()
    }

    let bell = Bell()
    private let state = Mutex(State())

    /// Items kept for a reader who does not come.
    private static var limit: Int { 50_000 }

    func noteConnection() {
        state.withLock { $0.news.connections += 1 }
        bell.ring()
    }

    func add(_ item: Item) {
        state.withLock { state in
            state.items.append(item)
            guard state.items.count > Self.limit else { return }
            state.items.removeFirst()
            state.news.dropped += 1
        }
        bell.ring()
    }

    func noteLoss(_ error: Failure) {
        state.withLock { $0.news.loss = error }
        bell.ring()
    }

    /// What came since the last call.
    func take() -> [Item] {
        state.withLock { state in
            defer { state.items = [] }
            return Array(state.items)
        }
    }

    func takeNews() -> News {
        state.withLock { state in
            defer { (state.news.dropped, state.news.loss) = (0, nil) }
            return state.news
        }
    }
}
