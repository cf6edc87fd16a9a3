import CeleryCore
import RabbitMQ
import Synchronization

// Queues that come and go while the subscription lasts.
extension Subscription {
    /// Takes from one queue more.
    ///
    /// - Throws: `refused` when the server will not have the queue like this; then nothing has changed.
    func add(_ queue: QueueDefinition, _ connection: Connection) throws(RabbitMQError) {
        let place = queues.firstIndex(of: queue.name) ?? queues.count
        guard place == queues.count || closed.contains(place) else { return }
        // A queue that is there may be of another kind than those of the settings; then it must be said how.
        let wider = topology.adding(queue)
        let spare = Self.spareChannel
        try connection.withChannel(spare) { () throws(RabbitMQError) in
            try wider.declare(queue.name, connection, on: spare)
        }
        topology = wider
        inbox.queues.withLock { if place == $0.count { $0.append(queue.name) } }
        closed.remove(place)
        let consumer = consumers.add(place)
        // One count for all is possible for some kinds of queue only: which way it is, is settled at the beginning.
        if topology.sharesPrefetch(openQueues, serverVersion: connection.serverVersion) != sharesPrefetch {
            needsNewConnection = true
        } else {
            try subscribe(consumer, connection)
        }
    }

    /// Takes no more from a queue. What was delivered stays.
    func remove(_ queue: String, _ connection: Connection) throws(RabbitMQError) {
        guard let place = queues.firstIndex(of: queue), closed.insert(place).inserted else { return }
        for consumer in consumers.close(place) { try connection.cancel(consumer: consumer.tag, on: Self.channel) }
    }
}
