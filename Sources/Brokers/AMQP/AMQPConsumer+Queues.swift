import CeleryCore
import RabbitMQ

extension AMQPConsumer: QueueSwitching {
    package var consumedQueues: [String] { inbox.queues.wantedNames }

    package func consume(from queues: [String]) async throws {
        try await select { $0.want(queues) }
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
