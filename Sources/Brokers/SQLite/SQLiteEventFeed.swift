import CeleryCore
import CeleryDB
import Synchronization

/// Follows the events of a `celery.db`: a write by any process wakes it.
final class SQLiteEventFeed: EventFeed {
    /// Events returned at a time.
    private static let pieceLimit = 1_000
    /// Heartbeats do not wake followers; nor does a writer that died between commit and wake-up.
    private static let usualInterval: Duration = .seconds(1)

    private let lookInterval: Duration
    private let broker: SQLiteBroker
    private let state: Mutex<State>

    private struct State {
        /// Number of the last event returned.
        var position: Int64
        /// Reported with the next events.
        var gap: EventGap?
    }

    /// - Parameter lookInterval: Longest wait without a look; `nil` means one second.
    init(broker: SQLiteBroker, position: Int64, gap: EventGap?, lookInterval: Duration? = nil) {
        self.broker = broker
        self.lookInterval = lookInterval ?? Self.usualInterval
        state = Mutex(State(position: position, gap: gap))
    }

    var patience: Duration { .zero }

    func next(until deadline: ContinuousClock.Instant?) async throws -> FollowedEvents {
        while true {
            let seen = broker.file.watch.generation
            let position = state.withLock { $0.position }
            let (rows, dropped) = try await broker.file.read { db in
                try EventTable.read(after: position, limit: Self.pieceLimit, in: db)
            }
            let piece = take(rows, dropped)
            if !piece.isEmpty || deadline.map({ $0 <= .now }) ?? false { return piece }
            try broker.file.checkInPlace()
            let look = ContinuousClock.now + lookInterval
            await broker.file.watch.wait(since: seen, until: deadline.map { min($0, look) } ?? look)
            try Task.checkCancellation()
        }
    }

    private func take(_ rows: [(number: Int64, event: Event)], _ dropped: Int64) -> FollowedEvents {
        state.withLock { state in
            var piece = FollowedEvents(rows.map { RecordedEvent($0.event, cursor: String($0.number)) }, gap: state.gap)
            state.gap = nil
            if dropped > state.position {
                let count = Int(dropped - state.position)
                piece.gap = piece.gap ?? EventGap(count: count, reason: "the events after cursor \(state.position) are no longer kept")
                state.position = dropped
            }
            if let last = rows.last { state.position = last.number }
            return piece
        }
    }

    func close() async {}
}
