package import CeleryCore
import HeapModule
import RabbitMQ

extension AMQPConsumer: QueueSwitching {
    package func add(_ queue: QueueDefinition) async throws {
        try await change { (subscription, connection) throws(RabbitMQError) in try subscription.add(queue, connection) }
    }

    package func remove(_ queue: String) async throws {
        try await change { (subscription, connection) throws(RabbitMQError) in try subscription.remove(queue, connection) }
    }

    /// Does something with the subscription. A refusal is an answer and does not end the connection.
    private func change(
        _ body: @escaping @Sendable (Subscription, Connection) throws(RabbitMQError) -> Void
    ) async throws {
        do {
            try await owner.perform(as: Subscription.self, within: .seconds(20)) {
                (connection, subscription) throws(RabbitMQError) -> Result<Void, RabbitMQError> in
                do throws(RabbitMQError) {
                    return .success(try body(subscription, connection))
                } catch {
                    guard case .refused = error.code else { throw error }
                    return .failure(error)
                }
            }.get()
        } catch let error as RabbitMQError {
            throw DriverError(error, at: broker.location)
        }
    }
}

extension AMQPConsumer: WaitingKnowing {
    package func waiting(upTo most: Int) async throws -> Int {
        do {
            let count = try await owner.perform(as: Subscription.self, within: .seconds(20)) {
                (connection, subscription) throws(RabbitMQError) in
                // An answer would have to wait for the rest of a large message; and that is work.
                connection.isReceiving ? 1 : try subscription.countReady(connection)
            }
            return min(most, count + inbox.withLine { $0.arrived.count })
        } catch let error as RabbitMQError {
            throw DriverError(error, at: broker.location)
        }
    }
}

extension AMQPConsumer: ScheduleKnowing {
    package func scheduled(upTo most: Int) async throws -> [Message] {
        let entries = inbox.withLine { line in line.scheduled.unordered }
        return entries.sorted().prefix(most).map(\.message)
    }
}
