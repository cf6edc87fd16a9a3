import CeleryCore
import RabbitMQ
import Synchronization
import Wire

/// The consuming connection of a worker: subscribes, and proves that deliveries flow.
final class Subscription: ConnectionUse {
    static let channel: UInt16 = 1
    /// For questions, whose refusal closes a channel.
    static let spareChannel: UInt16 = 2
    /// How often the flow is looked after while nothing comes.
    private static let watchInterval: Duration = .seconds(5)

    /// All that were ever taken from: a consumer is named by the place of its queue here.
    var queues: [String] { inbox.queues.withLock { $0 } }
    /// Places of those that are taken from no more.
    var closed: Set<Int> = []
    /// Those that are taken from.
    var openQueues: [String] { queues.enumerated().filter { !closed.contains($0.offset) }.map(\.element) }
    var topology: Topology
    let inbox: Inbox
    /// The queues are of other kinds than at the beginning of this one.
    var needsNewConnection = false
    /// The worker's name, for requests of operators.
    private let node: String
    /// Whether those can reach it: not while another worker of this name is connected.
    private var hasControl = false
    private static let controlChannel: UInt16 = 3
    private static let controlConsumer = "control"

    /// As the server was told, for all queues together.
    private var prefetch = 1
    var sharesPrefetch = true
    var consumers: ConsumerSet
    private var gathered: [IncomingDelivery] = []
    /// Which connection this is, as the inbox counts them.
    private(set) var generation = 0
    /// Deliveries since the last look.
    private var deliveries = 0
    /// How often in a row messages waited and none came.
    private var suspicion = 0
    private var nextWatch = ContinuousClock.now

    init(queues: [String], node: String, topology: Topology, inbox: Inbox) {
        self.node = node
        inbox.queues.withLock { $0 = queues }
        self.topology = topology
        self.inbox = inbox
        consumers = ConsumerSet(queueCount: queues.count)
    }

    func establish(_ connection: Connection) throws(RabbitMQError) {
        gathered = []
        needsNewConnection = false
        suspicion = 0
        nextWatch = .now + .seconds(1)
        try connection.openChannel(Self.channel)
        let queues = openQueues
        for queue in queues { try topology.declare(queue, connection, on: Self.channel) }
        try topology.awaitDelayed(queues, connection, on: Self.channel, spareChannel: Self.spareChannel)
        sharesPrefetch = topology.sharesPrefetch(queues, serverVersion: connection.serverVersion)
        hasControl = false
        try connection.openChannel(Self.controlChannel)
        try listen(connection, isFirst: true)
        generation = inbox.begin()
        prefetch = inbox.withLine { $0.wanted }
        if sharesPrefetch { try connection.setPrefetch(prefetch, isShared: true, on: Self.channel) }
        // Last, for what comes then may be so large that no answer gets past it in time.
        for consumer in consumers.begin() { try subscribe(consumer, connection) }
        inbox.subscribed(at: connection.options.location)
    }

    func subscribe(_ consumer: ConsumerSet.Consumer, _ connection: Connection) throws(RabbitMQError) {
        // A count of its own holds for later consumers only.
        if !sharesPrefetch { try connection.setPrefetch(consumer.limit, isShared: false, on: Self.channel) }
        try connection.consume(queues[consumer.queue], as: consumer.tag, on: Self.channel)
    }

    /// The queue of a delivery, from the name of its consumer.
    static func queue(of delivery: IncomingDelivery, among queues: [String]) -> String {
        let index = delivery.consumer.split(separator: ".").last.flatMap { Int($0) } ?? 0
        return queues.indices.contains(index) ? queues[index] : Route.defaultQueue
    }

    /// Takes requests of operators, if no other worker of this name does.
    private func listen(_ connection: Connection, isFirst: Bool) throws(RabbitMQError) {
        let queue = ControlQueue.queue(ControlMessage.queue(of: node))
        do throws(RabbitMQError) {
            try connection.withChannel(Self.spareChannel) { () throws(RabbitMQError) in
                try connection.declare(ControlQueue.requests, on: Self.spareChannel)
                try connection.declare(queue, on: Self.spareChannel)
                try connection.bindQueue(queue.name, to: ControlMessage.exchange, key: "", on: Self.spareChannel)
            }
        } catch {
            guard case .refused = error.code else { throw error }
            // After a lost connection, the server may hold the old queue for a moment.
            if isFirst { inbox.notice("operators cannot reach this worker as \(node): \(error.message)") }
            return
        }
        try connection.consume(queue.name, as: Self.controlConsumer, isAcknowledged: false, on: Self.controlChannel)
        hasControl = true
    }

    /// Works out the acknowledgements for deliveries that are done with.
    func settle(_ tags: [UInt64]) -> AcknowledgementLine.Acknowledgements {
        if !sharesPrefetch { consumers.settled(tags) }
        return inbox.withLine { $0.settle(tags) }
    }

    /// Counts what waits in the queues.
    ///
    /// Twice, for the channel may answer the first time before it sends on what it was given to deliver.
    func countReady(_ connection: Connection) throws(RabbitMQError) -> Int {
        var count = 0
        for _ in 0..<2 {
            count = 0
            for queue in openQueues {
                count += try connection.declare(QueueDeclaration(queue), isPassive: true, on: Self.channel).messages
            }
        }
        return count
    }

    /// Lets the server send as many as the worker wants before the first is settled.
    func followPrefetch(_ connection: Connection) throws(RabbitMQError) {
        // The answer would come behind the rest of a large message, perhaps too late.
        guard !connection.isReceiving else { return }
        let count = inbox.withLine { $0.wanted }
        if sharesPrefetch {
            guard count != prefetch else { return }
            prefetch = count
            return try connection.setPrefetch(count, isShared: true, on: Self.channel)
        }
        prefetch = count
        let change = consumers.change(for: count)
        for consumer in change.cancel { try connection.cancel(consumer: consumer.tag, on: Self.channel) }
        for consumer in change.add { try subscribe(consumer, connection) }
    }

    /// Gives to others what came before the count was lowered, and was not looked at.
    private func returnSurplus(_ connection: Connection) throws(RabbitMQError) {
        let tags = inbox.withLine { [sharesPrefetch, consumers] line in
            // What a consumer that is still there gave back would come to it again.
            line.popSurplus {
                (sharesPrefetch || !consumers.contains($0.consumer))
                    && AttemptHeader.returns(of: $0.message) < AttemptHeader.manyReturns
            }
        }
        if !tags.isEmpty { try end(tags, .giveBack, connection) }
    }

    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError) {
        switch incoming {
        case .delivery(let delivery) where delivery.channel == Self.controlChannel:
            inbox.control.add(delivery.message)
        case .delivery(let delivery):
            deliveries += 1
            if !sharesPrefetch { consumers.delivered(delivery.tag, to: delivery.consumer) }
            gathered.append(delivery)
        case .cancelled(let consumer):
            // The watch makes it anew, with its queue.
            if consumer == Self.controlConsumer { hasControl = false }
            // Those that were cancelled here say nothing.
            guard consumers.contains(consumer) else { return }
            throw RabbitMQError(.lost, "the server ended the subscription")
        case .confirm, .returned, .blocked, .unblocked: break
        }
    }

    func settleDown(_ connection: Connection) throws(RabbitMQError) {
        if needsNewConnection { throw RabbitMQError(.lost, "connecting anew for a queue of another kind") }
        if !gathered.isEmpty {
            inbox.add(gathered)
            gathered = []
        }
        try followPrefetch(connection)
        try returnSurplus(connection)
    }

    /// Proves that deliveries flow: a worker that is connected and gets nothing, while there
    /// is something for it and room, subscribes anew.
    func tick(_ connection: Connection) throws(RabbitMQError) {
        // An answer would have to wait for the rest of a large message; and that is a flow.
        guard nextWatch <= .now, !connection.isReceiving else { return }
        nextWatch = .now + Self.watchInterval
        if !hasControl { try listen(connection, isFirst: false) }
        defer { deliveries = 0 }
        guard deliveries == 0, inbox.heldCount < prefetch else {
            suspicion = 0
            return
        }
        var waiting = 0
        for queue in openQueues {
            let state = try connection.withChannel(Self.spareChannel) { () throws(RabbitMQError) in
                try connection.declare(QueueDeclaration(queue), isPassive: true, on: Self.spareChannel)
            }
            waiting += state.messages
            if state.consumers == 0 { throw RabbitMQError(.lost, "the server has forgotten the subscription to '\(queue)'") }
        }
        suspicion = waiting > 0 ? suspicion + 1 : 0
        // Once may be chance: a message that came this moment.
        if suspicion >= 2 { throw RabbitMQError(.lost, "messages wait and are not delivered") }
    }

    func lost(_ error: RabbitMQError) {
        gathered = []
        inbox.lost(error)
    }
}
