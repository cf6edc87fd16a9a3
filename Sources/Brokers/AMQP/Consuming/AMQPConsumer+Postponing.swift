import CeleryAMQP
package import CeleryCore
import RabbitMQ

extension AMQPConsumer: Postponing {
    /// Uses the ladder even for a few seconds: no worker has to remember the message.
    package func postpone(_ deliveries: [Postponement]) async throws -> [Bool] {
        let now = broker.now()
        let held = inbox.withQueue { queue in deliveries.map { queue.held($0.handle) } }
        guard inbox.serverHas(.arguments) else { return try await postponeHere(deliveries, held) }
        let again = zip(deliveries, held).compactMap { postponement, held -> Publication? in
            guard let held else { return nil }
            // Send a new message, so that returns are not mistaken for deaths.
            return broker.publication(
                of: WaitHeader.write(postponement.since, on: held.unbegun), delayedUntil: postponement.until, now: now)
        }
        if !again.isEmpty { try await broker.link.publish(again) }
        return await release(deliveries.map(\.handle), .acknowledge)
    }

    /// Keeps the messages in the project's file. One that cannot be kept there goes to the end of its queue, and a worker holds it
    /// until then.
    private func postponeHere(_ deliveries: [Postponement], _ held: [DeliveryQueue.Entry?]) async throws -> [Bool] {
        let own = zip(deliveries, held).compactMap { postponement, held in held.map { (postponement: postponement, held: $0) } }
        let waiting = own.map { postponement, held -> (message: Message, until: Timestamp) in
            (WaitHeader.write(postponement.since, on: held.unbegun), postponement.until)
        }
        let areKept = (try? await DelayedMessages(local: broker.local).keep(waiting)) ?? waiting.map { _ in false }
        let rest = zip(waiting, areKept).filter { !$1 }.map { entry, _ in
            var message = entry.message
            message.eta = entry.until
            return message
        }
        do {
            if !rest.isEmpty { try await broker.publish(rest) }
        } catch {
            // Those in the file would come back from the server, too.
            _ = await release(zip(own, areKept).filter { $1 }.map { entry, _ in entry.postponement.handle }, .acknowledge)
            throw error
        }
        return await release(deliveries.map(\.handle), .acknowledge)
    }
}
