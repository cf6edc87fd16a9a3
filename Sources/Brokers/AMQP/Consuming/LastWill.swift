import CeleryAMQP
import CeleryCore
import RabbitMQ
import Wire

/// The event that tells monitors of a worker's loss, left with the server.
///
/// The event is a message in a queue of the worker's own, which the worker holds without acknowledging it. When the connection
/// ends without `withdraw`, the server returns the message to the queue, finds it expired, and passes it on as a dead letter to the
/// event exchange. So monitors learn of the loss at once, even if no other worker is left.
final class LastWill {
    static let channel: UInt16 = 5
    static let consumer = "will"
    /// Time between renewals. The server ends a channel that holds a delivery for half an hour (`consumer_timeout`).
    private static let renewalInterval: Duration = .seconds(600)
    /// Time between attempts to leave a will with the server.
    private static let retryInterval: Duration = .seconds(60)

    private let worker: WorkerIdentity
    private let started: Timestamp
    private let notice: (String) -> Void
    /// Publishes on another connection, since a server with a resource alarm blocks every connection that publishes.
    private let publish: (Publication) -> Void
    private var queue: String?
    private var queues: [String] = []
    /// The will that the worker holds.
    private var held: UInt64?
    /// Earlier wills, to be acknowledged.
    private var replaced: [UInt64] = []
    private var nextRenewal = ContinuousClock.now
    private var hasReported = false

    init(of worker: WorkerIdentity, started: Timestamp, publish: @escaping (Publication) -> Void, notice: @escaping (String) -> Void) {
        self.worker = worker
        self.started = started
        self.publish = publish
        self.notice = notice
    }

    /// Leaves a will on a new connection.
    ///
    /// - Parameter queues: The queues that the worker consumes.
    func establish(_ connection: Connection, queues: [String], spareChannel: UInt16) throws(RabbitMQError) {
        (queue, held, replaced) = (nil, nil, [])
        self.queues = queues
        defer { hasReported = true }
        // Others ignore what the queue asks for, and would keep it for ever.
        guard connection.abilities.has(.streams) else { return }
        let will = LossQueues.will(TaskID().text)
        let isMade = try attempt("monitors do not learn when this worker is lost", connection, spareChannel) { () throws(RabbitMQError) in
            try connection.declare(EventQueues.exchange, on: spareChannel)
            try connection.declare(will, on: spareChannel)
        }
        guard isMade else { return }
        try attempt("'celery status' cannot show when this worker is lost", connection, spareChannel) { () throws(RabbitMQError) in
            try connection.declare(LossQueues.lost, on: spareChannel)
            try connection.bindQueue(LossQueues.lostName, to: EventQueues.exchange.name, key: LossQueues.key, on: spareChannel)
        }
        try connection.openChannel(Self.channel)
        try connection.consume(will.name, as: Self.consumer, on: Self.channel)
        queue = will.name
        renew()
    }

    /// - Returns: Whether the server permits it. A refusal is reported once.
    @discardableResult
    private func attempt(
        _ consequence: String, _ connection: Connection, _ channel: UInt16, _ body: () throws(RabbitMQError) -> Void
    ) throws(RabbitMQError) -> Bool {
        do throws(RabbitMQError) {
            try connection.withChannel(channel, body)
            return true
        } catch {
            guard case .refused = error.code, !error.isPassing else { throw error }
            if !hasReported { notice("\(consequence): \(error.message)") }
            return false
        }
    }

    private func renew() {
        guard let queue else { return }
        nextRenewal = .now + Self.retryInterval
        let event = Event.loss(of: worker.name, pid: worker.pid, queues: queues, started: started, at: .now)
        guard var message = EventMessage.messages(of: [event]).first else { return }
        (message.exchange, message.routingKey) = ("", queue)
        publish(Publication(message, isMandatory: false))
    }

    /// Holds a will in place of the one before.
    func receive(_ delivery: IncomingDelivery) {
        if let held { replaced.append(held) }
        held = delivery.tag
        nextRenewal = .now + Self.renewalInterval
    }

    func settleDown(_ connection: Connection) throws(RabbitMQError) {
        let tags = replaced
        replaced = []
        for tag in tags { try connection.acknowledge(tag, isMultiple: false, on: Self.channel) }
    }

    func tick() {
        if nextRenewal <= .now { renew() }
    }

    /// Ends without a loss: the worker says itself that it leaves.
    func withdraw(_ connection: Connection) throws(RabbitMQError) {
        guard let queue else { return }
        self.queue = nil
        // Messages of a deleted queue are no dead letters.
        try connection.deleteQueue(queue, on: Self.channel)
    }
}
