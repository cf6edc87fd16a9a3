import CeleryAMQP
import CeleryCore
import RabbitMQ
import Wire

/// The connection of a beat: the leader's connection holds the lock and carries all messages of the leader.
///
/// This is the fence: a beat cut off from the server has lost the lock and cannot publish.
final class BeatConnection: ConnectionUse {
    /// `Publisher` uses channels 1 and 2.
    private static let spareChannel: UInt16 = 3
    /// Carries knocks at the lock queue and the answers.
    private static let doorChannel: UInt16 = 4
    private static let stateChannel: UInt16 = 5
    private static let commandChannel: UInt16 = 6

    /// Where answers to knocks arrive: RabbitMQ's direct reply-to, by which the server delivers answers to the channel without a
    /// queue, or an exclusive queue where the server has no such thing.
    private var answers = BeatConnection.directReplies
    private static let directReplies = "amq.rabbitmq.reply-to"

    let publisher: Publisher
    private let queues: BeatQueues
    private let bell: Bell

    private var isEstablished = false
    /// Changes whenever leadership may have ended.
    private(set) var generation = 0
    private(set) var holdsLock = false
    /// Whether to try for the lock. The server logs each failed try as an error, so other beats knock instead.
    private var mayBeVacant = true
    private var commands: [HeldCommand] = []
    private var lastCommand: Int64 = 0
    /// The last confirmed state, for beats that ask.
    private var state: [UInt8]?
    /// Reply addresses to notify when this leader leaves.
    private var waiting: Set<String> = []

    private var lockConsumer: String { "lock.\(generation)" }
    private var commandConsumer: String { "orders.\(generation)" }

    init(queues: BeatQueues, topology: Topology, bell: Bell) {
        self.queues = queues
        self.bell = bell
        publisher = Publisher(topology: topology)
    }

    // MARK: ConnectionUse

    func establish(_ connection: Connection) throws(RabbitMQError) {
        forget()
        try publisher.establish(connection)
        for channel in [Self.doorChannel, Self.stateChannel, Self.commandChannel] { try connection.openChannel(channel) }
        // The connection before may have been to another server.
        if connection.abilities.has(.arguments) {
            answers = Self.directReplies
        } else {
            var queue = QueueDeclaration("celery.reply.\(TaskID())")
            queue.isDurable = false
            queue.isExclusive = true
            queue.isAutoDeleted = true
            try connection.declare(queue, on: Self.doorChannel)
            answers = queue.name
        }
        try connection.consume(answers, as: "answers", isAcknowledged: false, on: Self.doorChannel)
        isEstablished = true
    }

    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError) {
        switch incoming {
        case .delivery(let delivery) where delivery.channel == Self.doorChannel:
            if delivery.consumer == lockConsumer {
                try answer(delivery.message.properties, connection)
            } else if delivery.consumer == "answers" {
                noteVacancy()
            }
        case .delivery(let delivery):
            guard holdsLock, delivery.consumer == commandConsumer else { return }
            hold(delivery)
            bell.ring()
        case .returned(let message, _) where message.routingKey == queues.lock.name: noteVacancy()
        case .cancelled(let consumer):
            guard holdsLock, consumer == lockConsumer || consumer == commandConsumer else { return }
            throw RabbitMQError(.lost, "a queue of beat '\(queues.beat)' was deleted")
        case .confirm, .returned, .blocked, .unblocked: try publisher.receive(incoming, connection)
        }
    }

    func settleDown(_ connection: Connection) throws(RabbitMQError) { try publisher.settleDown(connection) }

    func tick(_ connection: Connection) throws(RabbitMQError) { try publisher.tick(connection) }

    func lost(_ error: RabbitMQError) {
        forget()
        publisher.lost(error)
        // Only for an established connection: a ring for each failed attempt would make waiters try again at once.
        if isEstablished { bell.ring() }
        isEstablished = false
    }

    /// Answers a knock.
    private func answer(_ properties: WireProperties, _ connection: Connection) throws(RabbitMQError) {
        guard let sender = properties.replyTo else { return }
        if properties.correlationID == BeatQueues.question {
            guard let state else { return }
            try connection.publish(WireMessage(routingKey: sender, body: state), isMandatory: false, on: Self.doorChannel)
        } else {
            // Beats that still wait will knock again.
            if waiting.count > 100 { waiting = [] }
            waiting.insert(sender)
        }
    }

    private func noteVacancy() {
        mayBeVacant = true
        bell.ring()
    }

    private func forget() {
        generation += 1
        holdsLock = false
        mayBeVacant = true
        commands = []
        state = nil
        waiting = []
    }

    // MARK: Leading

    /// What a claim to leadership came to.
    enum Claim: Sendable {
        case another
        case stays(generation: Int, [HeldCommand])
        /// This beat leads from now on.
        ///
        /// - Parameter state: The messages in the state queue; `nil` if the queue did not exist.
        case begins(generation: Int, state: [[UInt8]]?, [HeldCommand])
    }

    func claim(_ connection: Connection) throws(RabbitMQError) -> Claim {
        if holdsLock { return .stays(generation: generation, commands) }
        guard mayBeVacant ? try takeLock(connection) : false else {
            try connection.publish(queues.knock(replyTo: answers), isMandatory: true, on: Self.doorChannel)
            return .another
        }
        // An empty queue may be one that another reader is looking into; a missing queue is certainly empty.
        // The queue is therefore declared only with its first message.
        let isNew = try !exists(queues.state, connection)
        try connection.declare(queues.commands, on: Self.stateChannel)
        let state = isNew ? nil : try queues.lookAtState(connection, on: Self.stateChannel)
        // Get the waiting commands one by one, so that all are known before anything is sent.
        while let command = try connection.get(queues.commands.name, on: Self.commandChannel) { hold(command) }
        try connection.consume(queues.commands.name, as: commandConsumer, on: Self.commandChannel)
        return .begins(generation: generation, state: state, commands)
    }

    private func takeLock(_ connection: Connection) throws(RabbitMQError) -> Bool {
        do throws(RabbitMQError) {
            try connection.withChannel(Self.spareChannel) { () throws(RabbitMQError) in
                _ = try connection.declare(queues.lock, on: Self.spareChannel)
            }
        } catch {
            // Another connection holds the lock.
            guard error.code == .refused(405) else { throw error }
            mayBeVacant = false
            return false
        }
        generation += 1
        holdsLock = true
        try connection.consume(queues.lock.name, as: lockConsumer, isAcknowledged: false, on: Self.doorChannel)
        return true
    }

    private func exists(_ queue: QueueDeclaration, _ connection: Connection) throws(RabbitMQError) -> Bool {
        do throws(RabbitMQError) {
            try connection.withChannel(Self.spareChannel) { () throws(RabbitMQError) in
                _ = try connection.declare(queue, isPassive: true, on: Self.spareChannel)
            }
            return true
        } catch {
            guard error.code == .refused(404) else { throw error }
            return false
        }
    }

    private func hold(_ delivery: IncomingDelivery) {
        lastCommand += 1
        commands.append(HeldCommand(number: lastCommand, tag: delivery.tag, body: delivery.message.body))
    }

    func leads(_ generation: Int) -> Bool { holdsLock && self.generation == generation }

    /// Sets the state to answer questions with: the last one that the server confirmed.
    ///
    /// Removes the states before it where the server does not do that itself.
    func tell(_ state: [UInt8], _ connection: Connection) throws(RabbitMQError) {
        self.state = state
        guard !connection.abilities.has(.arguments) else { return }
        var newest: IncomingDelivery?
        while let delivery = try connection.get(queues.state.name, on: Self.stateChannel) {
            if let newest { try connection.acknowledge(newest.tag, isMultiple: false, on: Self.stateChannel) }
            newest = delivery
        }
        if let newest { try connection.reject(newest.tag, requeue: true, on: Self.stateChannel) }
    }

    /// Acknowledges commands that are done.
    func settle(_ numbers: [Int64], _ connection: Connection) throws(RabbitMQError) {
        guard !numbers.isEmpty else { return }
        for command in commands where numbers.contains(command.number) {
            try connection.acknowledge(command.tag, isMultiple: false, on: Self.commandChannel)
        }
        commands.removeAll { numbers.contains($0.number) }
    }

    /// Requeues the commands, releases the lock and notifies the waiting beats.
    func stepDown(_ connection: Connection) throws(RabbitMQError) {
        guard holdsLock else { return }
        let waiters = waiting
        forget()
        try connection.closeChannel(Self.commandChannel)
        try connection.openChannel(Self.commandChannel)
        try connection.deleteQueue(queues.lock.name, on: Self.doorChannel)
        for waiter in waiters {
            try connection.publish(WireMessage(routingKey: waiter, body: []), isMandatory: false, on: Self.doorChannel)
        }
    }
}
