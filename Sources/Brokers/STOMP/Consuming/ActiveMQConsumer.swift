package import CeleryCore
import STOMP

/// A worker's subscription at ActiveMQ, which can do more than STOMP asks for: its subscriptions end at any time, and it shows what a
/// queue holds.
// It stores nothing beside what its class does.
package final class ActiveMQConsumer: STOMPConsumer, @unchecked Sendable {}

extension ActiveMQConsumer: QueueSwitching {
    package var consumedQueues: [String] { inbox.withDeliveries { $0.queues } }

    package func consume(from queues: [String]) async throws {
        for queue in queues { try broker.layout.check(queue) }
        let (gone, new, generation, server) = inbox.withDeliveries { state in
            let change = state.take(from: queues.distinct)
            return (change.gone, change.new, state.generation, state.server)
        }
        link.post(Self.ends("ACK", [], gone) + inbox.frames(for: new, at: server), on: generation)
        inbox.bell.ring()
    }

    /// Does nothing: a queue has no properties here.
    package func define(_ queue: QueueDefinition) async {}
}

extension ActiveMQConsumer: BacklogKnowing {
    /// Has the server show what its queues hold, by a connection of its own: with what any worker has, and without what waits for its
    /// time in the scheduler. It shows 400 messages of a queue at most (`maxBrowsePageSize`), so a larger number may be too small.
    package func backlog() async throws -> Int {
        let queues = consumedQueues
        guard !queues.isEmpty else { return 0 }
        let mailbox = STOMPMailbox(
            broker.options,
            subscriptions: queues.enumerated().map { index, queue in
                STOMPFrame(
                    "SUBSCRIBE",
                    [
                        .init("id", "browse-\(index)"), .init("destination", broker.layout.queue(queue)), .init("ack", "auto"), .init("browser", "true"),
                    ])
            })
        do {
            let count = try await count(mailbox, queues.count)
            await mailbox.close()
            return count
        } catch {
            await mailbox.close()
            throw (error as? STOMPError).map { DriverError($0, at: broker.location) } ?? error
        }
    }

    private func count(_ mailbox: STOMPMailbox, _ queueCount: Int) async throws -> Int {
        try await mailbox.open()
        let deadline = ContinuousClock.now + .seconds(20)
        var (count, ended) = (0, 0)
        while true {
            let seen = mailbox.bell.count
            for frame in mailbox.inbox.take() {
                if frame["browser"] == "end" { ended += 1 } else { count += 1 }
            }
            let news = mailbox.takeNews()
            if let loss = news.loss { throw loss }
            if ended >= queueCount { return count + news.dropped }
            guard .now < deadline else { throw STOMPError(.late, "the server at \(broker.location) does not show its queues in time") }
            await mailbox.bell.wait(since: seen, until: deadline)
            try Task.checkCancellation()
        }
    }
}
