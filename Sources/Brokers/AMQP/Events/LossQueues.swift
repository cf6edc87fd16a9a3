import CeleryCore
import RabbitMQ
import Wire

/// The queues by which RabbitMQ tells of lost workers.
enum LossQueues {
    /// Events about lost workers, for those who ask later. Its messages expire one by one.
    static let lostName = "celery.lost"
    /// Monitors bind to `#` or `worker.#`, as Python's do; only this queue binds to the whole key.
    static let key = "worker.offline.lost"

    static var lost: QueueDeclaration {
        var queue = QueueDeclaration(lostName)
        queue.arguments = [
            "x-queue-type": "classic", "x-message-ttl": .int(Int64(LostWorkers.period / .milliseconds(1))), "x-max-length": 1_000,
        ]
        return queue
    }

    /// The queue in which one worker leaves its last will. It outlives the worker's connection, but not for long.
    ///
    /// Its name is one that every user may have who may follow events.
    static func will(_ name: String) -> QueueDeclaration {
        var queue = QueueDeclaration(EventMessage.queue(of: name))
        queue.arguments = [
            "x-queue-type": "classic", "x-expires": 60_000, "x-message-ttl": 5_000,
            "x-dead-letter-exchange": .string(EventQueues.exchange.name), "x-dead-letter-routing-key": .string(key),
        ]
        return queue
    }
}
