import CeleryCore
import RabbitMQ

/// Messages that wait at the broker for their ETA: Celery's native delayed delivery.
///
/// There are 28 queues, one for each binary digit of the delay in seconds. A message waits in the queue of each 1 digit, by
/// a TTL, and moves on by dead-lettering; its routing key spells the digits, followed by the target queue. So no worker has to
/// remember the message, and any number may wait. The objects are those of kombu's `native_delayed_delivery`, except that queues
/// are bound to the last exchange directly.
package enum DelayLadder {
    private static let levels = 28
    package static let firstExchange = name(levels - 1)
    static let deliveryExchange = "celery_delayed_delivery"
    /// The exchange a message arrives from depends on its last 1 digit.
    package static let exchanges = Set([deliveryExchange] + (0..<levels).map(name))
    /// AMQP's limit for a routing key, in bytes.
    private static let keyLimit = 255

    private static func name(_ level: Int) -> String { "celery_delayed_\(level)" }

    /// The routing key for a delay; `nil` when the queue name cannot be part of a key.
    ///
    /// - Parameter seconds: Rounded down, so a message arrives at most a second early.
    package static func routingKey(seconds: Int, queue: String) -> String? {
        guard seconds >= 1, isPossible(queue) else { return nil }
        let delay = min(seconds, 1 << levels - 1)
        let digits = (0..<levels).reversed().map { delay >> $0 & 1 == 1 ? "1." : "0." }
        return digits.joined() + queue
    }

    /// The words `*` and `#` would match the keys of other queues.
    private static func isPossible(_ queue: String) -> Bool {
        queue.utf8.count + 2 * levels <= keyLimit
            && !queue.split(separator: ".", omittingEmptySubsequences: false).contains { $0 == "*" || $0 == "#" }
    }

    /// Binds a queue to the end of the ladder.
    ///
    /// The pattern ends with exactly the queue's name: with kombu's `#.name`, queue `b` would get messages for `a.b`.
    static func bind(_ queue: String, _ connection: Connection, on channel: UInt16) throws(RabbitMQError) {
        try connection.bindQueue(queue, to: deliveryExchange, key: key(after: queue), on: channel)
    }

    /// Routes messages delayed by Python's clients to a queue, by its exchange and routing key
    /// (kombu's `bind_queue_to_native_delayed_delivery_exchange`).
    static func bind(_ definition: QueueDefinition, _ connection: Connection, on channel: UInt16) throws(RabbitMQError) {
        let key = key(after: definition.routingKey)
        try connection.bindExchange(definition.exchange, to: deliveryExchange, key: key, on: channel)
        try connection.bindQueue(definition.name, to: definition.exchange, key: key, on: channel)
    }

    /// The pattern that matches any delay before `rest`.
    private static func key(after rest: String) -> String { String(repeating: "*.", count: levels) + rest }

    /// Declares the ladder, with the type of an existing one.
    static func declare(
        _ type: QueueDefinition.QueueType, _ connection: Connection, spareChannel: UInt16
    ) throws(RabbitMQError) {
        var type = type
        do throws(RabbitMQError) {
            try connection.withChannel(spareChannel) { () throws(RabbitMQError) in
                _ = try connection.declare(queue(levels - 1, type), on: spareChannel)
            }
        } catch {
            guard error.code == .refused(406) else { throw error }
            type = type == .classic ? .quorum : .classic
        }
        try connection.withChannel(spareChannel) { () throws(RabbitMQError) in
            try declareAll(type, connection, on: spareChannel)
        }
    }

    private static func declareAll(
        _ type: QueueDefinition.QueueType, _ connection: Connection, on channel: UInt16
    ) throws(RabbitMQError) {
        // From the end to the beginning, so that every existing step leads somewhere.
        try connection.declare(ExchangeDeclaration(deliveryExchange, type: "topic"), on: channel)
        for level in 0..<levels {
            let exchange = name(level)
            let before = String(repeating: "*.", count: levels - 1 - level)
            let next = level == 0 ? deliveryExchange : name(level - 1)
            try connection.declare(ExchangeDeclaration(exchange, type: "topic"), on: channel)
            try connection.bindExchange(next, to: exchange, key: before + "0.#", on: channel)
            try connection.declare(queue(level, type), on: channel)
            try connection.bindQueue(exchange, to: exchange, key: before + "1.#", on: channel)
        }
    }

    private static func queue(_ level: Int, _ type: QueueDefinition.QueueType) -> QueueDeclaration {
        var queue = QueueDeclaration(name(level))
        queue.arguments = [
            "x-queue-type": .string(type.rawValue), "x-overflow": "reject-publish",
            "x-message-ttl": .int(1_000 << Int64(level)),
            "x-dead-letter-exchange": .string(level == 0 ? deliveryExchange : name(level - 1)),
        ]
        if type == .quorum { queue.arguments["x-dead-letter-strategy"] = "at-least-once" }
        return queue
    }
}
