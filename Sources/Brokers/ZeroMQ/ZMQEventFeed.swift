import CeleryCore
import CeleryZMQ
import Synchronization

/// Follows the events at a `celery broker`: over a lost connection it goes on after the last event.
final class ZMQEventFeed: EventFeed {
    private let place: ZMQPlace
    /// Where the next opening starts.
    private let start: Mutex<EventStart>

    init(link: ZMQLink, start: EventStart) {
        place = ZMQPlace(link: link, name: "feed-\(TaskID().text)")
        self.start = Mutex(start)
    }

    var patience: Duration { .zero }

    func open() async throws {
        try await place.open { [weak self] in try await self?.follow() }
        // Whatever happens from now on is followed, also over a lost connection before the first event.
        start.withLock { if $0 == .now { $0 = .since(.now) } }
    }

    private func follow() async throws { _ = try await place.link.ask(Verbs.follow, start.withLock { $0 }, at: place.name) }

    func next(until deadline: ContinuousClock.Instant?) async throws -> FollowedEvents {
        while true {
            let wait = min(deadline.map { max(.zero, ContinuousClock.now.duration(to: $0)) } ?? WireBounds.waiting, WireBounds.waiting)
            let piece = try await place.ask(Verbs.awaitEvents, wait)
            if let cursor = piece.events.last?.cursor { start.withLock { $0 = .after(cursor) } }
            if !piece.isEmpty || deadline.map({ $0 <= .now }) ?? false { return piece }
            try Task.checkCancellation()
        }
    }

    func close() async { _ = try? await place.link.ask(Verbs.unfollow, Nothing(), at: place.name) }
}
