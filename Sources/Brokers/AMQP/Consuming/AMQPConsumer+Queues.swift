import CeleryAMQP
package import CeleryCore
import HeapModule
import RabbitMQ

extension AMQPConsumer: QueueSwitching {
    package var consumedQueues: [String] { inbox.queues.wantedNames }

    package func consume(from queues: [String]) async throws {
        try await select { $0.want(queues) }
    }

    package func define(_ queue: QueueDefinition) async {
        _ = try? await owner.perform(as: Subscription.self, within: .seconds(20)) { (_, subscription) throws(RabbitMQError) in
            subscription.define(queue)
        }
    }

    /// Changes what is taken from, on this connection and those to come.
    ///
    /// - Throws: `DriverError` when a queue cannot be made or taken from, or there is no connection now.
    func select(_ change: @escaping @Sendable (inout QueueSelection) -> Void) async throws {
        do {
            let refusal = try await owner.perform(as: Subscription.self, within: .seconds(20)) {
                (connection, subscription) throws(RabbitMQError) -> RabbitMQError? in
                try subscription.select(change, connection)
            }
            if let refusal { throw refusal }
        } catch let error as RabbitMQError {
            throw DriverError(error, at: broker.location)
        }
        inbox.bell.ring()
    }
}

extension AMQPConsumer: WaitingKnowing {
    /// A server does not look into messages; those of Python stand in their queue until their time.
    package var seesWhatIsDue: Bool { false }

    package func waiting(upTo most: Int, within limits: [String: TaskLimit]) async throws -> Int {
        do {
            let count = try await owner.perform(as: Subscription.self, within: .seconds(20)) {
                (connection, subscription) throws(RabbitMQError) in
                // An answer would have to wait for the rest of a large message; and that is work.
                connection.isReceiving ? 1 : try subscription.countReady(connection)
            }
            return min(most, count + inbox.withQueue { $0.arrived.count })
        } catch let error as RabbitMQError {
            throw DriverError(error, at: broker.location)
        }
    }
}

extension AMQPConsumer: ScheduleKnowing {
    package func scheduled(upTo most: Int) async throws -> [Message] {
        let entries = inbox.withQueue { queue in queue.scheduled.unordered }
        return entries.sorted().prefix(most).map(\.message)
    }
}
