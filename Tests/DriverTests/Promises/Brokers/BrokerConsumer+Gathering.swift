import CeleryCore
import Fixtures

extension Broker {
    /// A worker with a driver's own kind of subscription.
    func subscription<Consumer: BrokerConsumer>(_ name: String, _ queues: [String]) async throws -> Consumer {
        let identity = WorkerIdentity(id: TaskID().text, name: "\(name)-\(TaskID())", pid: 4711, process: "")
        guard let consumer = try await consumer(of: queues, as: identity) as? Consumer else { throw ServerTrouble("no \(Consumer.self)") }
        return consumer
    }
}

extension BrokerConsumer {
    /// Takes `count` messages, however long they are on their way.
    func gather(_ count: Int, atATime: Int = 100, isSettled: Bool = false) async throws -> [Delivery] {
        try await promptly("the arrival of \(count) messages", within: .seconds(45)) {
            var all: [Delivery] = []
            while all.count < count {
                let new = try await self.take(min(atATime, count - all.count))
                if isSettled, !new.isEmpty { _ = try await self.settle(new.outcomes) }
                all += new
                if new.isEmpty { try await self.waitForWork(until: .now + .milliseconds(200)) }
            }
            return all
        }
    }
}

extension BrokerReporting {
    /// Waits for a notice that contains `text`.
    func notice(containing text: String) async throws -> BrokerNotice {
        try await promptly("the notice '\(text)'", within: .seconds(45)) {
            for await notice in self.notices where notice.text.contains(text) { return notice }
            throw CancellationError()
        }
    }
}
