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

    /// Changes which queues are consumed, on this connection and later ones.
    ///
    /// - Throws: `DriverError` when a queue cannot be declared or consumed, or when there is no connection.
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
    /// The server does not read messages: Python's messages stay in their queue until their ETA.
    package var seesWhatIsDue: Bool { false }

    package func waiting(upTo most: Int, within limits: [String: TaskLimit]) async throws -> Int {
        do {
            let count = try await owner.perform(as: Subscription.self, within: .seconds(20)) {
                (connection, subscription) throws(RabbitMQError) in
                // The answer would wait behind the rest of a large message, and that message is work.
                connection.isReceiving ? 1 : try subscription.countReady(connection)
            }
            return min(most, count + inbox.withQueue { $0.arrived.count })
        } catch let error as RabbitMQError {
            throw DriverError(error, at: broker.location)
        }
    }
}

extension AMQPConsumer: ScheduleKnowing {
    package func scheduled(upTo most: Int) async throws -> [Message] { DeliveryQueue.messages(of: inbox.withQueue { $0.scheduled }, upTo: most) }
}
