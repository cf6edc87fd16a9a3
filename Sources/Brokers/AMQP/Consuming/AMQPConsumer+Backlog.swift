import CeleryAMQP
import CeleryCore
import RabbitMQ

extension AMQPConsumer: BacklogKnowing {
    package func backlog() async throws -> Int {
        do {
            // Ask on the subscription's own channel: deliveries already excluded from the count arrive before the answer.
            let ready = try await owner.perform(as: Subscription.self, within: .seconds(20)) {
                (connection, subscription) throws(RabbitMQError) in
                // The answer would wait behind the rest of a large message.
                connection.isReceiving ? 0 : try subscription.countReady(connection)
            }
            // By now every arrived delivery has been seen; a large message may still be arriving.
            let isReceiving = try await owner.perform(as: Subscription.self, within: .seconds(20)) {
                (connection, _) throws(RabbitMQError) in connection.isReceiving
            }
            return ready + (isReceiving ? 1 : 0) + inbox.heldCount
        } catch let error as RabbitMQError {
            throw DriverError(error, at: broker.location)
        }
    }
}
