import CeleryAMQP
package import CeleryCore
import RabbitMQ

extension AMQPConsumer: DeadLetterSending {
    package func sendDeadLetters(of outcomes: [Outcome]) async throws {
        let held = inbox.withQueue { queue in outcomes.map { queue.held($0.handle) } }
        let letters = zip(outcomes, held).compactMap { outcome, held -> Publication? in
            guard let held, case .bury(_, let burial) = outcome.disposition else { return nil }
            return letter(of: held, burial)
        }
        if !letters.isEmpty { try await broker.link.publish(letters) }
    }

    /// The dead letter for a message that the worker has.
    func letter(of held: DeliveryQueue.Entry, _ burial: Burial) -> Publication {
        broker.deadLetterQueue.publication(of: held.arrived.message, from: held.message.route.queue, burial)
    }
}
