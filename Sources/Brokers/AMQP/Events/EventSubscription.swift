import CeleryCore
import RabbitMQ

/// The connection of one follower of events.
final class EventSubscription: ConnectionUse {
    private static let channel: UInt16 = 1
    /// Messages the server sends before the first is acknowledged.
    private static let prefetch = 200
    /// How long to wait for the message at the cursor; an existing message arrives sooner.
    private static let patience: Duration = .seconds(5)

    private let inbox: EventInbox
    private let now: @Sendable () -> Timestamp
    private var gathered: [IncomingDelivery] = []
    private var consumer = 0
    /// Until when to wait for a message that the log should contain.
    private var proof: ContinuousClock.Instant?
    /// When a subscription that starts with the next event began.
    private var start: Timestamp?

    init(inbox: EventInbox, now: @escaping @Sendable () -> Timestamp) {
        self.inbox = inbox
        self.now = now
    }

    func establish(_ connection: Connection) throws(RabbitMQError) {
        gathered = []
        try connection.openChannel(Self.channel)
        try connection.setPrefetch(Self.prefetch, isShared: false, on: Self.channel)
        if inbox.usesLog {
            try subscribe(connection)
        } else {
            let queue = EventQueues.follower(TaskID().text)
            try connection.declare(EventQueues.exchange, on: Self.channel)
            try connection.declare(queue, on: Self.channel)
            try connection.bindQueue(queue.name, to: EventQueues.exchange.name, key: "#", on: Self.channel)
            try connection.consume(queue.name, as: "events", on: Self.channel)
        }
        inbox.connected(to: connection.options.location)
    }

    /// Subscribes to the log at the follower's position.
    private func subscribe(_ connection: Connection) throws(RabbitMQError) {
        consumer += 1
        proof = nil
        let offset: JSON
        switch inbox.beginning {
        case .next:
            // Do not miss events that happen while a connection is lost before the first event arrived.
            offset = start.map(age) ?? "next"
            start = start ?? now()
        case .first: offset = "first"
        case .since(let time): offset = age(time)
        case .at(let place):
            offset = .int(place.base)
            proof = .now + Self.patience
        }
        try connection.consume(
            EventQueues.logName, as: "events.\(consumer)", arguments: ["x-stream-offset": offset], on: Self.channel)
    }

    /// The age of a time, as the server's offset specification.
    private func age(_ time: Timestamp) -> JSON {
        let seconds = max(1, (now() - time).inSeconds.possibleSeconds.rounded(.up) + 1)
        return .string("\(Int(seconds))s")
    }

    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError) {
        switch incoming {
        case .delivery(let delivery):
            proof = nil
            gathered.append(delivery)
        case .cancelled: throw RabbitMQError(.lost, "the server ended the subscription to events")
        case .confirm, .returned, .blocked, .unblocked: break
        }
    }

    func settleDown(_ connection: Connection) throws(RabbitMQError) {
        if !gathered.isEmpty {
            inbox.add(gathered)
            gathered = []
        }
        if let tag = inbox.takeTaken() { try connection.acknowledge(tag, isMultiple: true, on: Self.channel) }
    }

    func tick(_ connection: Connection) throws(RabbitMQError) {
        guard let proof, proof <= .now, case .at(let place) = inbox.beginning else { return }
        try connection.cancel(consumer: "events.\(consumer)", on: Self.channel)
        inbox.restart("cursor \(place) is past the end of the log of events: it belongs to another log")
        try subscribe(connection)
    }

    func lost(_ error: RabbitMQError) {
        gathered = []
        inbox.lost(error)
    }
}
