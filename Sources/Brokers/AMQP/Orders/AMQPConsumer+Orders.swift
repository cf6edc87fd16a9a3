package import CeleryCore
import RabbitMQ

extension AMQPConsumer: OrderFollowing {
    package func takeOrders() async throws -> StandingOrders {
        try await inbox.orders.waitUntilCaughtUp()
        return inbox.orders.take(broker.now())
    }

    package func waitForOrders() async throws { try await inbox.orders.waitForNew() }
}

extension AMQPConsumer: HoldingAhead {
    package func takeAhead(where matches: @Sendable (Message) -> Bool) async -> [Delivery] {
        inbox.withLine { line in
            line.popScheduled { matches($0.message) }.map { Delivery(handle: line.hand($0), message: $0.message) }
        }
    }
}
