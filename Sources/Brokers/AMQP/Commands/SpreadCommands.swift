import CeleryAMQP
import CeleryCore
import RabbitMQ
import Wire

/// Commands for workers at a server without streams: a copy for each worker that runs, by a fanout exchange.
///
/// Whoever sends a command, and every worker that gets one, keeps it in the `celery.db` of its project (`LocalBroker`), where the
/// workers that start later find it.
final class SpreadCommands {
    static let consumer = "spread"
    static let exchange = ExchangeDeclaration("celery.orders.all", type: "fanout")

    private let heard: (CommandStream.Entry) -> Void

    init(heard: @escaping (CommandStream.Entry) -> Void) { self.heard = heard }

    /// Not mandatory: perhaps no worker is running.
    static func publication(_ entry: CommandStream.Entry) -> Publication {
        var message = CommandStream.message(entry)
        (message.exchange, message.routingKey) = (exchange.name, "")
        // The queues belong to running workers and end with them, so nothing is stored.
        message.properties.deliveryMode = 1
        return Publication(message, isMandatory: false, needs: [.exchange(exchange)])
    }

    /// Listens on a new connection, on the channel of the stream's reader.
    func establish(_ connection: Connection) throws(RabbitMQError) {
        let channel = CommandReader.channel
        var queue = QueueDeclaration("celery.orders.\(TaskID())")
        queue.isDurable = false
        queue.isExclusive = true
        queue.isAutoDeleted = true
        try connection.openChannel(channel)
        try connection.declare(Self.exchange, on: channel)
        try connection.declare(queue, on: channel)
        try connection.bindQueue(queue.name, to: Self.exchange.name, key: "", on: channel)
        try connection.consume(queue.name, as: Self.consumer, isAcknowledged: false, on: channel)
    }

    func receive(_ delivery: IncomingDelivery) {
        if let entry = CommandStream.entry(delivery.message) { heard(entry) }
    }
}
