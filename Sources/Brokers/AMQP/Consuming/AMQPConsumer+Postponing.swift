import CeleryAMQP
package import CeleryCore

extension AMQPConsumer: Postponing {
    /// Uses the ladder even for a few seconds: no worker has to remember the message.
    package func postpone(_ deliveries: [Postponement]) async throws -> [Bool] {
        let now = broker.now()
        let held = inbox.withQueue { queue in deliveries.map { queue.held($0.handle) } }
        let again = zip(deliveries, held).compactMap { postponement, held -> Publication? in
            guard let held else { return nil }
            // Send a new message, so that returns are not mistaken for deaths. The attempt number stays the same.
            let message = AttemptHeader.next(held.message.backToItsQueue, after: held.attempt - 1, crashes: held.crashes)
            return broker.publication(
                of: WaitHeader.write(postponement.since, on: message), delayedUntil: postponement.until, now: now)
        }
        if !again.isEmpty { try await broker.link.publish(again) }
        return await release(deliveries.map(\.handle), .acknowledge)
    }
}
