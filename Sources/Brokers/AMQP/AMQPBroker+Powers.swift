import CeleryAMQP
package import CeleryCore
import RabbitMQ

extension AMQPBroker: QueueCounting {
    /// Of the queues in the settings: AMQP cannot list others.
    package func queues() async throws -> [QueueCount] {
        var counts: [QueueCount] = []
        var first: DriverError?
        for queue in knownQueues {
            do {
                guard let state = try await state(of: queue) else { continue }
                counts.append(
                    QueueCount(name: queue, ready: state.messages, scheduled: nil, running: nil, consumers: state.consumers))
            } catch let error as DriverError where error.isAboutOneQueue {
                first = first ?? error
                counts.append(
                    QueueCount(name: queue, ready: 0, scheduled: nil, running: nil, consumers: 0, trouble: error.message))
            }
        }
        if let first, counts.allSatisfy({ $0.trouble != nil }) { throw first }
        return counts
    }

    private var knownQueues: [String] {
        ([settings.defaultQueue] + settings.queues + settings.queueDefinitions.keys.sorted()).distinct
    }

    /// `nil` when there is no such queue.
    func state(of queue: String) async throws -> QueueState? {
        do {
            return try await link.ask { (connection, channel) throws(RabbitMQError) in
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
    package func purge(_ queues: [String]?, progress: @Sendable (Int) -> Void) async throws -> [String: Int] {
        var counts: [String: Int] = [:]
        var first: DriverError?
        for queue in queues?.distinct ?? knownQueues {
            do {
                guard try await state(of: queue) != nil else { continue }
                counts[queue] = try await link.ask { (connection, channel) throws(RabbitMQError) in
                    try connection.purge(queue, on: channel)
                }
            } catch let error as DriverError where error.isAboutOneQueue {
                first = first ?? error
            }
        }
        if var first {
            let count = counts.values.reduce(0, +)
            if count > 0 { first.message += " (\(count) message\(count == 1 ? "" : "s") of other queues were erased)" }
            throw first
        }
        return counts
    }
}

extension DriverError {
    /// A permission that is missing, or a queue that belongs to another connection, says nothing of other queues.
    fileprivate var isAboutOneQueue: Bool { code == .noPermission || code == .configuration }
}
