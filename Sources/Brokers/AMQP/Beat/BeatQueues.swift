import CeleryAMQP
import CeleryCore
import Processes
import RabbitMQ
import Wire

/// The three queues of the beats of one name.
///
/// The state is one message, replaced by the next. Commands wait in a queue of their own. The lock is an exclusive queue: it
/// belongs to the leader's connection and is deleted with that connection. An exclusive consumer would not do: RabbitMQ does
/// not support one on quorum queues.
struct BeatQueues: Sendable {
    let beat: String
    let state: QueueDeclaration
    let commands: QueueDeclaration
    let lock: QueueDeclaration

    /// - Throws: `DriverError` when the queue names would collide with those of another beat.
    init(_ beat: String, type: QueueDefinition.QueueType) throws(DriverError) {
        for suffix in [".orders", ".lock"] where beat.hasSuffix(suffix) {
            throw DriverError(.configuration, "a beat cannot be called '\(beat)': names that end in \(suffix) are reserved")
        }
        self.beat = beat
        var state = Self.durable("celery.beat.\(beat)", type)
        state.arguments["x-max-length"] = 1
        state.arguments["x-overflow"] = "drop-head"
        self.state = state
        commands = Self.durable("celery.beat.\(beat).orders", type)
        var lock = QueueDeclaration("celery.beat.\(beat).lock")
        lock.isDurable = false
        lock.isExclusive = true
        lock.arguments["x-queue-type"] = "classic"
        self.lock = lock
    }

    private static func durable(_ name: String, _ type: QueueDefinition.QueueType) -> QueueDeclaration {
        var queue = QueueDeclaration(name)
        // Always explicit: the virtual host may have another default.
        queue.arguments["x-queue-type"] = type == .quorum ? "quorum" : "classic"
        // RabbitMQ 4 drops a message requeued twenty times from a quorum queue; every look at the queue requeues.
        if type == .quorum { queue.arguments["x-delivery-limit"] = .int(Int64(Int32.max)) }
        return queue
    }

    // MARK: Messages

    func statePublication(_ body: [UInt8]) -> Publication { publication(body, to: state) }

    func commandPublication(_ command: LeaderCommand) -> Publication { publication(command.json.bytes(), to: commands) }

    private func publication(_ body: [UInt8], to queue: QueueDeclaration) -> Publication {
        let properties = WireProperties(contentType: "application/json", deliveryMode: 2)
        return Publication(
            WireMessage(routingKey: queue.name, properties: properties, body: body), isMandatory: true, needs: [.queue(queue)])
    }

    /// A message that the server returns to its sender when there is no leader.
    ///
    /// - Parameter replyTo: Address that the leader notifies when it leaves.
    func knock(replyTo: String? = nil) -> WireMessage {
        WireMessage(routingKey: lock.name, properties: WireProperties(deliveryMode: 1, replyTo: replyTo), body: [])
    }

    /// A knock that asks for the state.
    func question(replyTo: String) -> WireMessage {
        var message = knock(replyTo: replyTo)
        message.properties.correlationID = Self.question
        return message
    }

    static let question = "state"

    /// Asks the leader for the state. Blocks for at most two seconds; `nil` when the leader does not answer.
    func askLeader(_ connection: Connection, on channel: UInt16) throws(RabbitMQError) -> [UInt8]? {
        var replies = QueueDeclaration("celery.reply.\(TaskID())")
        replies.isDurable = false
        replies.isExclusive = true
        try connection.declare(replies, on: channel)
        try connection.publish(question(replyTo: replies.name), isMandatory: false, on: channel)
        var answer: [UInt8]?
        let end = ContinuousClock.now + .seconds(2)
        while answer == nil, .now < end {
            answer = try connection.get(replies.name, on: channel)?.message.body
            if answer == nil { Syscall.pause(.milliseconds(5)) }
        }
        try connection.deleteQueue(replies.name, on: channel)
        return answer
    }

    /// Reads the messages in the state queue: one, or two for a moment.
    ///
    /// Call this only while no other beat writes: a quorum queue appends requeued messages at the end, so concurrent readers
    /// of several messages could leave the older one last.
    ///
    /// The queue seems empty while another reader looks: tries again for a second. Blocks.
    func lookAtState(_ connection: Connection, on channel: UInt16) throws(RabbitMQError) -> [[UInt8]] {
        let end = ContinuousClock.now + .seconds(1)
        while true {
            var messages: [IncomingDelivery] = []
            while let message = try connection.get(state.name, on: channel) { messages.append(message) }
            for message in messages { try connection.reject(message.tag, requeue: true, on: channel) }
            if !messages.isEmpty || end < .now { return messages.map(\.message.body) }
            Syscall.pause(.milliseconds(10))
        }
    }
}
