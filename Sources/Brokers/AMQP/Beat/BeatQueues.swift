import CeleryAMQP
import CeleryCore
import Processes
import RabbitMQ
import Wire

/// The three queues of the beats of one name.
///
/// The state is one message, replaced by the next; what is ordered waits in a queue of its own; and the lock
/// is an exclusive queue: it belongs to the connection of the leader, and goes with it. A queue, for RabbitMQ keeps no
/// consumer of a quorum queue alone.
struct BeatQueues: Sendable {
    let beat: String
    let state: QueueDeclaration
    let commands: QueueDeclaration
    let lock: QueueDeclaration

    /// - Throws: `DriverError` when the names of the queues would be those of another beat.
    init(_ beat: String, type: QueueDefinition.QueueType) throws(DriverError) {
        for suffix in [".orders", ".lock"] where beat.hasSuffix(suffix) {
            throw DriverError(.configuration, "a beat cannot be called '\(beat)': names that end in \(suffix) are taken")
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
        // Said in either case, for a virtual host may have another default.
        queue.arguments["x-queue-type"] = type == .quorum ? "quorum" : "classic"
        // RabbitMQ 4 drops from a quorum queue what was given back twenty times, as is done by looking at it.
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

    /// What comes back to its sender when nobody leads.
    ///
    /// - Parameter replyTo: Where the leader is to say when it leaves.
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

    /// Asks the leader for the state; `nil` when it does not answer for two seconds. Blocks.
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

    /// Looks at the messages of the state, of which there is one or, for a moment, two.
    ///
    /// Only while no other writes: what is given back to a quorum queue goes behind what was given back before,
    /// so that several who look at several messages could bring the older one to stay.
    ///
    /// Another may be looking at this moment, and then the queue seems empty: this tries again for a second. Blocks.
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
