import CeleryCore
import RabbitMQ
import Wire

/// The exchange by which events come, and the queues they are read from (sections 1 and 7 of the wire format).
enum EventQueues {
    static let exchange = ExchangeDeclaration(EventMessage.exchange, type: "topic")

    /// A stream: a log that keeps what was read, for others who read it later.
    static let logName = "celery.events"

    /// Bytes of the log, and of each of the pieces in which it is dropped.
    private static let logBytes: Int64 = 100_000_000
    private static let segmentBytes: Int64 = 5_000_000

    /// - Parameter seconds: For how long it keeps events, as far as `logBytes` allow.
    static func log(seconds: Double) -> QueueDeclaration {
        var queue = QueueDeclaration(logName)
        queue.arguments = [
            "x-queue-type": "stream", "x-max-age": .string("\(Int(max(1, seconds.rounded(.up))))s"),
            "x-max-length-bytes": .int(logBytes), "x-stream-max-segment-size-bytes": .int(segmentBytes),
        ]
        return queue
    }

    /// The queue of one follower, as Celery 5.7 makes it: it goes with its connection. Nobody has to hear
    /// what happened five seconds ago, and what nobody reads does not fill the server's memory.
    static func follower(_ name: String) -> QueueDeclaration {
        var queue = QueueDeclaration(EventMessage.queue(of: name))
        queue.isDurable = false
        queue.isExclusive = true
        queue.isAutoDeleted = true
        queue.arguments = ["x-expires": 60_000, "x-message-ttl": 5_000, "x-max-length": 20_000]
        return queue
    }

    /// RabbitMQ has streams from version 3.9 on.
    static func hasStreams(_ serverVersion: String) -> Bool {
        let parts = serverVersion.split(separator: ".").map { Int($0) ?? 0 }
        return parts.count >= 2 && (parts[0], parts[1]) >= (3, 9)
    }
}
