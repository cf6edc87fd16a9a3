package import CeleryCore
import RabbitMQ

extension AMQPBroker: QueueCounting {
    /// Of the queues in the settings: AMQP cannot list others.
    package func queues() async throws -> [QueueCount] {
        var counts: [QueueCount] = []
        for queue in knownQueues {
            guard let state = try await state(of: queue) else { continue }
            counts.append(
                QueueCount(name: queue, ready: state.messages, scheduled: nil, running: nil, consumers: state.consumers))
        }
        return counts
    }

    private var knownQueues: [String] {
        ([settings.defaultQueue] + settings.queues + settings.queueDefinitions.keys.sorted()).distinct
    }

    /// `nil` when there is no such queue.
    func state(of queue: String) async throws -> QueueState? {
        do {
            return try await ask { (connection, channel) throws(RabbitMQError) in
                try connection.declare(QueueDeclaration(queue), isPassive: true, on: channel)
            }
        } catch let error as DriverError where error.code == .refused {
            return nil
        }
    }
}

extension AMQPBroker: QueuePurging {
    package var queuesToPurge: [String]? { knownQueues }

    /// What waits for a far-off time belongs to no queue yet, and stays.
    package func purge(_ queues: [String]?) async throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for queue in queues?.distinct ?? knownQueues where try await state(of: queue) != nil {
            counts[queue] = try await ask { (connection, channel) throws(RabbitMQError) in
                try connection.purge(queue, on: channel)
            }
        }
        return counts
    }
}
