import CeleryCore
import Redis
import Synchronization
import Wire

/// Follows events: those of our workers are kept in a stream and read from there, those of Python's workers arrive on channels.
final class RedisEventFeed: EventFeed {
    /// Where to read next in the stream.
    enum Position: Sendable {
        case after(String)
        case from(String)

        var word: RedisCommand.Word {
            switch self {
            case .after(let id): .text("(" + id)
            case .from(let id): .text(id)
            }
        }
    }

    private struct State {
        /// `nil` where no events are kept.
        var position: Position?
        var gap: EventGap?
        /// Whether the last look at the stream failed.
        var isLost = false
    }

    private let broker: RedisBroker
    private let tracking: RedisTracking
    private let state: Mutex<State>
    private let subscription: RedisSubscription

    /// Events of one look at the stream, and of channels kept for a follower who does not come.
    private static let pieceLimit = 1_000
    private static let arrivedLimit = 50_000

    var patience: Duration { .milliseconds(200) }

    init(_ broker: RedisBroker, _ position: Position?, _ gap: EventGap?) {
        self.broker = broker
        let tracking = RedisTracking(broker.options.server)
        self.tracking = tracking
        let inbox = Inbox(usesStream: position != nil, bell: tracking.bell)
        self.inbox = inbox
        state = Mutex(State(position: position, gap: gap))
        subscription = RedisSubscription(
            broker.options.server, RedisSubscription.Listener(heard: { inbox.hear($1) }, resumed: { inbox.resume() }))
    }

    private let inbox: Inbox

    /// Events that come on channels, on their way from the thread of the subscription.
    private final class Inbox: Sendable {
        private let usesStream: Bool
        private let bell: Bell
        private let state = Mutex((events: [Event](), gap: EventGap?.none, count: 0))

        init(usesStream: Bool, bell: Bell) { (self.usesStream, self.bell) = (usesStream, bell) }

        func hear(_ bytes: [UInt8]) {
            guard let envelope = try? RedisEnvelope(bytes) else { return }
            if usesStream, envelope.wire.headers[RedisBroker.keptHeader] == true { return }
            let events = EventMessage.events(in: envelope.wire).events
            state.withLock { state in
                state.events += events
                let surplus = state.events.count - RedisEventFeed.arrivedLimit
                guard surplus > 0 else { return }
                state.events.removeFirst(surplus)
                state.gap = EventGap(count: (state.gap?.count ?? 0) + surplus, reason: "they came faster than they were read")
            }
            bell.ring()
        }

        func resume() {
            state.withLock { state in
                state.count += 1
                if state.count > 1 { state.gap = EventGap(count: nil, reason: "the connection was lost, and not all events are kept") }
            }
            bell.ring()
        }

        func take() -> (events: [Event], gap: EventGap?) {
            state.withLock { state in
                defer { (state.events, state.gap) = ([], nil) }
                return (state.events, state.gap)
            }
        }
    }

    /// Listens. From then on nothing is missed.
    func begin() async throws {
        let pattern = RedisSubscription.Channel.escaped(broker.channel(EventMessage.exchange))
        try await subscription.subscribe([.name(broker.channel(EventMessage.exchange)), .pattern(pattern + "/*")])
    }

    func next(until deadline: ContinuousClock.Instant?) async throws -> FollowedEvents {
        while true {
            let seen = tracking.bell.count
            var piece = FollowedEvents()
            let (events, gap) = inbox.take()
            piece.gap = gap
            if let position = state.withLock({ $0.position }) { try await read(from: position, into: &piece) }
            // Not kept: there is nothing to go on from.
            piece.events += events.map { RecordedEvent($0, cursor: nil) }
            if let gap = state.withLock({ state in
                defer { state.gap = nil }
                return state.gap
            }) { piece.gap = gap }
            if !piece.isEmpty { return piece }
            if deadline.map({ $0 <= .now }) ?? false { return piece }
            await tracking.bell.wait(since: seen, until: min(deadline ?? tracking.nextLook, tracking.nextLook))
            try Task.checkCancellation()
        }
    }

    private func read(from position: Position, into piece: inout FollowedEvents) async throws {
        let entries: [RESPValue]
        do {
            let reply = try await tracking.look([
                RedisCommand("XRANGE", .text(broker.layout.events), position.word, "+", "COUNT", .number(Self.pieceLimit))
            ])[0]
            entries = reply.elements ?? []
            if state.withLock({ state in
                defer { state.isLost = false }
                return state.isLost
            }) { piece.notices.append(BrokerNotice("connected to \(broker.location) again", isTrouble: false)) }
        } catch let error as DriverError where error.code == .unreachable || error.code == .tryAgain {
            // The link reconnects, and the stream has kept the events meanwhile.
            if !state.withLock({ state in
                defer { state.isLost = true }
                return state.isLost
            }) { piece.notices.append(BrokerNotice("connection to the broker lost: \(error.message)", isTrouble: true)) }
            return
        }
        for entry in entries {
            guard let id = entry.elements?.first?.textValue else { continue }
            state.withLock { $0.position = .after(id) }
            guard let body = entry.elements?.last?["event"]?.bytesValue, let event = EventMessage.event(from: body) else { continue }
            piece.events.append(RecordedEvent(event, cursor: id))
        }
    }

    func close() async {
        await subscription.close()
        await tracking.close()
        tracking.bell.ring()
    }
}
