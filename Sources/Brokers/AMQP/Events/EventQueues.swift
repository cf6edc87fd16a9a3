import CeleryCore
import RabbitMQ
import Wire

/// The event exchange, and the queues that read from it (`event-*` in `Tests/Golden`).
enum EventQueues {
    static let exchange = ExchangeDeclaration(EventMessage.exchange, type: "topic")

    /// A stream: messages remain after they are read, for later readers.
    static let logName = "celery.events"

    /// Maximum size of the log in bytes, and of each segment; the server drops whole segments.
    private static let logBytes: Int64 = 100_000_000
    private static let segmentBytes: Int64 = 5_000_000

    /// - Parameter seconds: How long events are kept, within `logBytes`.
    static func log(seconds: Double) -> QueueDeclaration {
        var queue = QueueDeclaration(logName)
        queue.arguments = [
            "x-queue-type": "stream", "x-max-age": .string("\(Int(max(1, seconds.rounded(.up))))s"),
            "x-max-length-bytes": .int(logBytes), "x-stream-max-segment-size-bytes": .int(segmentBytes),
        ]
        return queue
    }

    /// An exclusive queue for one follower, as Celery 5.7 declares it. Unread events expire after five seconds, so
    /// that they do not fill the server's memory.
    static func follower(_ name: String) -> QueueDeclaration {
        var queue = QueueDeclaration(EventMessage.queue(of: name))
        queue.isDurable = false
        queue.isExclusive = true
        queue.isAutoDeleted = true
        queue.arguments = ["x-expires": 60_000, "x-message-ttl": 5_000, "x-max-length": 20_000]
        return queue
    }
}
