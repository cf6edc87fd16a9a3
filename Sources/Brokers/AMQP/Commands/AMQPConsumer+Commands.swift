package import CeleryCore
import RabbitMQ

extension AMQPConsumer: CommandFollowing {
    package func takeCommands() async throws -> StandingCommands {
        try await inbox.commands.waitUntilCaughtUp()
        return inbox.commands.take(broker.now())
    }

    package func waitForCommands() async throws { try await inbox.commands.waitForNew() }
}

extension AMQPConsumer: HoldingAhead {
    package func takeAhead(where matches: @Sendable (Message) -> Bool) async -> [Delivery] {
        inbox.withQueue { queue in
            queue.book.popScheduled { matches($0.message) }.map { queue.book.hand($0) }
        }
    }
}
