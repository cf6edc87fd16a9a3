package import CeleryCore
import Synchronization

/// The newest events of a `MemoryBroker`.
struct MemoryEvents {
    static let limit = 10_000

    private(set) var kept: [Event] = []
    /// Number of dropped events.
    private(set) var dropped = 0

    /// Number of events ever added.
    var count: Int { dropped + kept.count }

    mutating func add(_ events: [Event]) {
        kept += events
        let surplus = max(0, kept.count - Self.limit)
        kept.removeFirst(surplus)
        dropped += surplus
    }

    /// Events after the given number; numbers begin with 1.
    func after(_ number: Int) -> [(number: Int, event: Event)] {
        kept.enumerated().dropFirst(max(0, number - dropped)).map { (dropped + $0.offset + 1, $0.element) }
    }
}

extension MemoryBroker: EventSending {
    package func send(_ events: [Event]) {
        self.events.add(events)
        bell.ring()
    }

    /// Events are always kept.
    package func keepEvents() {}
}

extension MemoryBroker: EventReading {
    package func events(of ids: [TaskID]) -> [RecordedEvent] {
        let ids = Set(ids)
        return events.after(0).filter { $0.event.taskID.map(ids.contains) ?? false }.map { RecordedEvent($0.event, cursor: String($0.number)) }
    }
}

extension MemoryBroker: EventFollowing {
    package func events(from start: EventStart) throws -> any EventFeed {
        switch start {
        case .now: return MemoryEventFeed(broker: self, position: events.count)
        case .oldest: return MemoryEventFeed(broker: self, position: events.dropped)
        case .since(let time):
            let first = events.after(0).first { $0.event.time >= time }
            return MemoryEventFeed(broker: self, position: first.map { $0.number - 1 } ?? events.count)
        case .after(let cursor):
            guard let number = Int(cursor), number >= 0 else {
                throw DriverError(.refused, "cursor '\(cursor.forLog)' is not valid for \(location)", hint: "cursors here are whole numbers")
            }
            guard number > events.count else { return MemoryEventFeed(broker: self, position: number) }
            let gap = EventGap(count: nil, reason: "cursor \(number) is past the last event, \(events.count)")
            return MemoryEventFeed(broker: self, position: 0, gap: gap)
        }
    }

    fileprivate func eventPiece(after position: Int) -> (events: [(number: Int, event: Event)], dropped: Int) {
        (events.after(position), events.dropped)
    }
}

/// Follows the events of this process.
final class MemoryEventFeed: EventFeed {
    private let broker: MemoryBroker
    private let state: Mutex<(position: Int, gap: EventGap?)>

    init(broker: MemoryBroker, position: Int, gap: EventGap? = nil) {
        self.broker = broker
        state = Mutex((position, gap))
    }

    var patience: Duration { .zero }

    func next(until deadline: ContinuousClock.Instant?) async throws -> FollowedEvents {
        while true {
            let seen = broker.bell.count
            let position = state.withLock { $0.position }
            let (events, dropped) = await broker.eventPiece(after: position)
            let piece = state.withLock { state in
                var piece = FollowedEvents(events.map { RecordedEvent($0.event, cursor: String($0.number)) }, gap: state.gap)
                if dropped > state.position {
                    piece.gap = piece.gap ?? EventGap(
                        count: dropped - state.position, reason: "the events after cursor \(state.position) are no longer kept")
                }
                state = (max(state.position, dropped, events.last?.number ?? 0), nil)
                return piece
            }
            if !piece.isEmpty || deadline.map({ $0 <= .now }) ?? false { return piece }
            await broker.bell.wait(since: seen, until: deadline)
            try Task.checkCancellation()
        }
    }

    func close() async {}
}
