import CeleryAMQP
import CeleryCore
import RabbitMQ
import Synchronization
import Wire

/// The consuming connection of a worker: subscribes, and checks that deliveries flow.
final class Subscription: ConnectionUse {
    static let channel: UInt16 = 1
    /// For declarations whose refusal closes the channel.
    static let spareChannel: UInt16 = 2
    /// How often the flow is checked while no deliveries arrive.
    private static let watchInterval: Duration = .seconds(5)

    var topology: Topology
    let inbox: Inbox
    private let commands: CommandReader
    private let spread: SpreadCommands
    let will: LastWill
    let now: @Sendable () -> Timestamp
    /// The worker's name, for remote control.
    private let node: String
    /// Whether remote control reaches this worker: not while another worker of the same name is connected.
    private var hasControl = false
    private static let controlChannel: UInt16 = 3
    private static let controlConsumer = "control"

    /// The prefetch count sent to the server, for all queues together.
    private var prefetch = 1
    var sharesPrefetch = true
    var consumers: ConsumerSet
    private var gathered: [IncomingDelivery] = []
    /// Deliveries of queues left meanwhile, to be returned.
    private var strays: [UInt64] = []
    var hasLeftQueues = false
    /// Whether all standing commands were known at the last look.
    private var hasCommands = false
    var mustBeginAnew = false
    /// Number of this connection, as counted by the inbox.
    private(set) var generation = 0
    /// Deliveries since the last check.
    private var deliveries = 0
    /// How many checks in a row found waiting messages and no delivery.
    private var suspicion = 0
    private var nextWatch = ContinuousClock.now

    init(
        worker: WorkerIdentity, topology: Topology, inbox: Inbox, now: @escaping @Sendable () -> Timestamp,
        publish: @escaping (Publication) -> Void, keep: @escaping (CommandStream.Entry) -> Void
    ) {
        self.now = now
        // Without an entry, the next worker to start waits for the end of an empty stream.
        commands = CommandReader(inbox.commands, seed: { publish(CommandStream.publication(.seed)) }) { [inbox] in inbox.notice($0) }
        spread = SpreadCommands(heard: keep)
        will = LastWill(of: worker, started: now(), publish: publish) { [inbox] in inbox.notice($0) }
        node = worker.name
        self.topology = topology
        self.inbox = inbox
        consumers = ConsumerSet(queueCount: inbox.queues.names.count)
    }

    func establish(_ connection: Connection) throws(RabbitMQError) {
        gathered = []
        strays = []
        mustBeginAnew = false
        hasCommands = false
        suspicion = 0
        nextWatch = .now + .seconds(1)
        try connection.openChannel(Self.channel)
        let wanted = inbox.queues.wantedNames
        for queue in wanted { try topology.declare(queue, connection, on: Self.channel) }
        try topology.awaitDelayed(wanted, connection, on: Self.channel, spareChannel: Self.spareChannel)
        consumers.weights = weights(of: inbox.queues)
        sharesPrefetch = topology.sharesPrefetch(wanted, at: connection.abilities)
        hasControl = false
        try connection.openChannel(Self.controlChannel)
        try listen(connection, isFirst: true)
        if connection.abilities.has(.streams) {
            try commands.establish(connection, spareChannel: Self.spareChannel)
        } else {
            try spread.establish(connection)
        }
        try will.establish(connection, queues: wanted, spareChannel: Self.spareChannel)
        generation = inbox.begin(at: connection.abilities)
        prefetch = inbox.withQueue { $0.wanted }
        if sharesPrefetch { try connection.setPrefetch(prefetch, isShared: true, on: Self.channel) }
        // Consume last: a delivery may be so large that no answer passes it in time.
        _ = consumers.select(inbox.queues.open)
        for consumer in consumers.begin() { try subscribe(consumer, connection) }
        inbox.subscribed(at: connection.options.location)
    }

    func subscribe(_ consumer: ConsumerSet.Consumer, _ connection: Connection) throws(RabbitMQError) {
        // A consumer's own prefetch count applies only to consumers started later.
        if !sharesPrefetch { try connection.setPrefetch(consumer.limit, isShared: false, on: Self.channel) }
        try connection.consume(inbox.queues.names[consumer.queue], as: consumer.tag, on: Self.channel)
    }

    /// Receives remote-control requests, unless another worker of this name does.
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
            // After a lost connection, the server may still hold the old queue for a moment.
            if isFirst { inbox.notice("remote control cannot reach this worker as \(node): \(error.message)") }
            return
        }
        try connection.consume(queue.name, as: Self.controlConsumer, isAcknowledged: false, on: Self.controlChannel)
        hasControl = true
    }

    /// Computes the acknowledgements for settled deliveries.
    func settle(_ tags: [UInt64]) -> AcknowledgementQueue.Acknowledgements {
        if !sharesPrefetch { consumers.settled(tags) }
        return inbox.withQueue { $0.settle(tags) }
    }

    /// Counts the ready messages in the queues.
    ///
    /// Asks twice: the channel may answer the first time before it forwards pending deliveries.
    func countReady(_ connection: Connection) throws(RabbitMQError) -> Int {
        var count = 0
        for _ in 0..<2 {
            count = 0
            for queue in inbox.queues.openNames {
                count += try connection.declare(QueueDeclaration(queue), isPassive: true, on: Self.channel).messages
            }
        }
        return count
    }

    /// Sets the prefetch count to what the worker wants.
    func followPrefetch(_ connection: Connection) throws(RabbitMQError) {
        // The answer would come after the rest of a large message, perhaps too late.
        guard !connection.isReceiving else { return }
        let count = inbox.withQueue { $0.wanted }
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

    /// Returns unread deliveries that arrived before the count was lowered, so that other workers get them.
    private func returnSurplus(_ connection: Connection) throws(RabbitMQError) {
        let tags = inbox.withQueue { [sharesPrefetch, consumers] queue in
            // A message returned by an active consumer would come back to that consumer.
            queue.popSurplus {
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
        case .delivery(let delivery) where delivery.channel == CommandReader.channel:
            if delivery.consumer == SpreadCommands.consumer { spread.receive(delivery) } else { commands.receive(delivery) }
        case .delivery(let delivery) where delivery.channel == LastWill.channel:
            will.receive(delivery)
        case .delivery(let delivery):
            deliveries += 1
            guard isOpen(delivery) else {
                // The delivery was in flight when its queue was left. Earlier deliveries are added first.
                handOver()
                inbox.withQueue { $0.pass(delivery) }
                strays.append(delivery.tag)
                return
            }
            if !sharesPrefetch { consumers.delivered(delivery.tag, to: delivery.consumer) }
            gathered.append(delivery)
        case .cancelled(let consumer):
            // The periodic check declares the queue and consumes again.
            if consumer == Self.controlConsumer { hasControl = false }
            if consumer == CommandReader.consumer { commands.cancelled() }
            // Ignore consumers that were cancelled here.
            guard consumers.contains(consumer) else { return }
            throw RabbitMQError(.lost, "the server ended the subscription")
        case .confirm, .returned, .blocked, .unblocked: break
        }
    }

    /// Hands the gathered deliveries to the worker.
    func handOver() {
        guard !gathered.isEmpty else { return }
        inbox.add(gathered)
        gathered = []
    }

    func settleDown(_ connection: Connection) throws(RabbitMQError) {
        handOver()
        try commands.settleDown(connection)
        try will.settleDown(connection)
        try heedPauses(connection)
        commands.tellIfKnown()
        let knewAll = hasCommands
        hasCommands = inbox.commands.isCaughtUp
        // The worker waits for this.
        if hasCommands && !knewAll { inbox.bell.ring() }
        if mustBeginAnew { throw RabbitMQError(.lost, "the prefetch mode of this worker's queues has changed") }
        if !strays.isEmpty {
            let tags = strays
            strays = []
            try end(tags, .giveBack, connection)
        }
        try followPrefetch(connection)
        try returnSurplus(connection)
    }

    /// Checks that deliveries flow: a worker that gets nothing while messages wait and it has capacity subscribes again.
    func tick(_ connection: Connection) throws(RabbitMQError) {
        if !connection.isReceiving, connection.abilities.has(.streams) { try commands.tick(connection, spareChannel: Self.spareChannel) }
        will.tick()
        // The answer would wait behind the rest of a large message, and that message proves the flow.
        guard nextWatch <= .now, !connection.isReceiving else { return }
        nextWatch = .now + Self.watchInterval
        if !hasControl { try listen(connection, isFirst: false) }
        defer { deliveries = 0 }
        guard deliveries == 0, inbox.heldCount < prefetch else {
            suspicion = 0
            return
        }
        var waiting = 0
        for queue in inbox.queues.openNames {
            let state = try connection.withChannel(Self.spareChannel) { () throws(RabbitMQError) in
                try connection.declare(QueueDeclaration(queue), isPassive: true, on: Self.spareChannel)
            }
            waiting += state.messages
            if state.consumers == 0 { throw RabbitMQError(.lost, "the server no longer has the subscription to '\(queue)'") }
        }
        suspicion = waiting > 0 ? suspicion + 1 : 0
        // A single finding may be chance: a message that has just arrived.
        if suspicion >= 2 { throw RabbitMQError(.lost, "messages are waiting but not delivered") }
    }

    func lost(_ error: RabbitMQError) {
        gathered = []
        inbox.lost(error)
    }
}
