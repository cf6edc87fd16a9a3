import CeleryCore
import RabbitMQ
import Wire

/// The exchanges and queues of remote control (`amqp-session-*` in `Tests/Golden`).
enum ControlQueue {
    static let requests = transient(ControlMessage.exchange, type: "fanout")
    static let replies = transient(ControlMessage.replyExchange, type: "direct")

    private static func transient(_ name: String, type: String) -> ExchangeDeclaration {
        var exchange = ExchangeDeclaration(name, type: type)
        exchange.isDurable = false
        return exchange
    }

    /// An exclusive queue as Celery 5.7 declares it: deleted with the connection, and bounded when nobody reads.
    static func queue(_ name: String) -> QueueDeclaration {
        var queue = QueueDeclaration(name)
        queue.isDurable = false
        queue.isExclusive = true
        queue.isAutoDeleted = true
        queue.arguments = ["x-expires": 10_000, "x-message-ttl": 300_000, "x-max-length": 1_000]
        return queue
    }
}
