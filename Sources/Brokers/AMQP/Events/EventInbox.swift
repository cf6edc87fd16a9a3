import CeleryAMQP
import CeleryCore
import RabbitMQ
import Synchronization
import Wire

/// Shared by the thread that receives events and the follower.
final class EventInbox: Sendable {
    /// Start of a subscription to the log.
    enum Beginning: Sendable {
        case next, first
        case since(Timestamp)
        /// Just before this cursor; the message at its base shows whether the log still reaches back that far.
        case at(StreamCursor)
    }

    private struct State {
        var beginning: Beginning
        var arrived: [IncomingDelivery] = []
        /// Tag of the last message taken by the follower, to be acknowledged.
        var taken: UInt64?
        var gap: EventGap?
        var notices: [BrokerNotice] = []
        var isConnected = false
        var hasBeenConnected = false
        /// Whether nothing has arrived since subscribing to the log.
        var isFresh = true
        /// The error that ended the feed.
        var failure: RabbitMQError?
    }

    private let state: Mutex<State>
    /// Rings when an event arrives or the connection changes.
    let bell = Bell()
    let usesLog: Bool

    init(usesLog: Bool, beginning: Beginning) {
        self.usesLog = usesLog
        state = Mutex(State(beginning: beginning))
    }

    // MARK: For the thread

    var beginning: Beginning { state.withLock { $0.beginning } }

    func connected(to location: String) {
        state.withLock { state in
            state.arrived = []
            state.taken = nil
            state.isFresh = true
            if state.hasBeenConnected { state.notices.append(BrokerNotice("connected to \(location) again", isTrouble: false)) }
            state.isConnected = true
            state.hasBeenConnected = true
        }
        bell.ring()
    }

    func add(_ deliveries: [IncomingDelivery]) {
        state.withLock { $0.arrived += deliveries }
        bell.ring()
    }

    /// The tag to acknowledge, returned once.
    func takeTaken() -> UInt64? {
        state.withLock { state in
            defer { state.taken = nil }
            return state.taken
        }
    }

    /// Restarts at the beginning of the log, which does not contain the requested position.
    func restart(_ reason: String) {
        state.withLock { state in
            state.beginning = .first
            state.gap = EventGap(count: nil, reason: reason)
        }
        bell.ring()
    }

    func lost(_ error: RabbitMQError) {
        state.withLock { state in
            let isOver = !state.hasBeenConnected || !error.isPassing
            if isOver, state.failure == nil { state.failure = error }
            guard state.isConnected else { return }
            state.isConnected = false
            state.arrived = []
            state.notices.append(BrokerNotice("connection to the broker lost: \(error.message)", isTrouble: true))
            if !usesLog { state.gap = EventGap(count: nil, reason: "the connection was lost, and events are not kept") }
        }
        bell.ring()
    }

    // MARK: For the follower

    /// Whether the first connection was made.
    ///
    /// - Throws: The error that ended the feed.
    func isReady() throws(RabbitMQError) -> Bool {
        let (failure, isConnected) = state.withLock { ($0.failure, $0.hasBeenConnected) }
        if let failure { throw failure }
        return isConnected
    }

    /// Takes arrived events, from at most `limit` messages.
    func take(_ limit: Int) throws(RabbitMQError) -> FollowedEvents {
        let (piece, failure) = state.withLock { state -> (FollowedEvents, RabbitMQError?) in
            var piece = FollowedEvents(notices: state.notices)
            state.notices = []
            // Report a gap before the events that follow it.
            if state.isConnected { (piece.gap, state.gap) = (state.gap, nil) }
            let deliveries = state.arrived.prefix(limit)
            for delivery in deliveries { read(delivery.message, &state, &piece) }
            if let last = deliveries.last { state.taken = last.tag }
            state.arrived.removeFirst(deliveries.count)
            return (piece, piece.isEmpty ? state.failure : nil)
        }
        if let failure { throw failure }
        return piece
    }

    private func read(_ message: WireMessage, _ state: inout State, _ piece: inout FollowedEvents) {
        let events = EventMessage.events(in: message).events
        guard usesLog else {
            piece.events += events.map { RecordedEvent($0, cursor: nil) }
            return
        }
        guard let offset = message.headers["x-stream-offset"]?.intValue.map(Int64.init) else { return }
        var skipped = 0
        var earliest: Timestamp?
        switch state.beginning {
        case .at(let place):
            if state.isFresh, offset > place.offset {
                let reason = "the events after cursor \(place) are no longer kept"
                piece.gap = piece.gap ?? EventGap(count: nil, reason: reason)
            }
            if offset < place.offset { skipped = events.count }
            if offset == place.offset { skipped = place.skipped }
        // The server begins with the whole chunk that contains the first matching message.
        case .since(let time): earliest = time
        case .next, .first: break
        }
        state.isFresh = false
        for (index, event) in events.enumerated().dropFirst(skipped) where earliest.map({ event.time >= $0 }) ?? true {
            let isLast = index == events.count - 1
            let cursor = isLast ? StreamCursor(offset: offset + 1) : StreamCursor(offset: offset, skipped: index + 1)
            piece.events.append(RecordedEvent(event, cursor: cursor.description))
        }
        if earliest == nil || !piece.events.isEmpty { state.beginning = .at(StreamCursor(offset: max(offset + 1, passed(state)))) }
    }

    /// Earlier messages of the chunk do not move the position back.
    private func passed(_ state: State) -> Int64 {
        if case .at(let place) = state.beginning { place.offset } else { 0 }
    }
}
