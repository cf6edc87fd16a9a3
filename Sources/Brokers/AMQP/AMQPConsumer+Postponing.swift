package import CeleryCore

extension AMQPConsumer: Postponing {
    /// By the ladder, which no worker has to remember, so not for less than a minute.
    package func postpone(_ deliveries: [(handle: DeliveryHandle, until: Timestamp)]) async throws -> [Bool] {
        let soonest = broker.now() + .seconds(broker.nearETA + 1)
        let held = inbox.withLine { line in deliveries.map { line.held($0.handle) } }
        let again = zip(deliveries, held).compactMap { delivery, held -> Message? in
            guard let held else { return nil }
            var message = held.message.backToItsQueue.counting(attempts: held.attempt - 1)
            message.eta = max(delivery.until, soonest)
            return message
        }
        if !again.isEmpty { try await broker.publish(again) }
        return await release(deliveries.map(\.handle), .acknowledge)
    }
}
