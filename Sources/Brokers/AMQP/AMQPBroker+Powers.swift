import CeleryAMQP
package import CeleryCore
import RabbitMQ

extension AMQPBroker: QueueCounting {
    /// Covers the queues named in the settings: AMQP cannot list others.
    package func queues() async throws -> [QueueCount] {
        var counts: [QueueCount] = []
        var first: DriverError?
        for queue in knownQueues {
            do {
                guard let state = try await readableState(of: queue) else { continue }
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

    package func count(of queue: String) async throws -> QueueCount? {
        try await readableState(of: queue).map {
            QueueCount(name: queue, ready: $0.messages, scheduled: nil, running: nil, consumers: $0.consumers)
        }
    }

    private var knownQueues: [String] {
        ([settings.defaultQueue] + settings.queues + settings.queueDefinitions.keys.sorted()).distinct
    }

    /// Returns `nil` when the queue does not exist.
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

extension AMQPBroker {
    /// The state of a queue, for commands that read its messages.
    ///
    /// RabbitMQ tells every user whether a queue exists, so a user without permissions would see an empty broker. Taking a
    /// message requires the permission to read, whether the queue exists or not.
    ///
    /// - Returns: `nil` for a queue that does not exist.
    /// - Throws: `DriverError.noPermission`.
    func readableState(of queue: String) async throws -> QueueState? {
        if let state = try await state(of: queue) { return state }
        do {
            // A message of a queue that was declared in the meantime is requeued when the channel closes.
            _ = try await link.ask { (connection, channel) throws(RabbitMQError) in try connection.get(queue, on: channel) != nil }
        } catch let error as DriverError where error.code == .refused {
            return nil
        }
        return try await state(of: queue)
    }
}

extension AMQPBroker: QueuePurging {
    package var queuesToPurge: [String]? { knownQueues }

    /// Messages on the delay ladder belong to no queue yet and stay.
    package func purge(_ queues: [String]?, progress: @Sendable (Int) -> Void) async throws -> [String: Int] {
        var counts: [String: Int] = [:]
        var first: DriverError?
        for queue in queues?.distinct ?? knownQueues {
            do {
                counts[queue] = try await link.ask { (connection, channel) throws(RabbitMQError) in
                    try connection.purge(queue, on: channel)
                }
            } catch let error as DriverError where error.code == .refused {
                // There is no such queue.
                continue
            } catch let error as DriverError where error.isAboutOneQueue {
                first = first ?? error
            }
        }
        if var first {
            let count = counts.values.reduce(0, +)
            if count > 0 { first.message += " (\(count) message\(count == 1 ? "" : "s") in other queues \(count == 1 ? "was" : "were") purged)" }
            throw first
        }
        return counts
    }
}

extension DriverError {
    /// A missing permission or a queue exclusive to another connection says nothing about other queues.
    fileprivate var isAboutOneQueue: Bool { code == .noPermission || code == .configuration }
}

extension AMQPBroker: BrokerProbing {
    package func probe() async throws { try await link.probe() }
}

extension AMQPBroker: QueueRemoving {
    package func remove(temporary queue: QueueDefinition) async throws {
        // The server answers the same for a queue that is gone.
        let answer = try await link.answer { (connection, channel) throws(RabbitMQError) in
            try connection.deleteQueue(queue.name, ifUnused: true, on: channel)
        }
        // 406: somebody consumes it. 404: it is gone, which RabbitMQ does not mind.
        if case .failure(let error) = answer, error.code != .refused(406), error.code != .refused(404) { throw DriverError(error, at: location) }
    }
}
