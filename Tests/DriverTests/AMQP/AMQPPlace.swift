import Brokers
import CeleryCore
import Fixtures
import Processes

/// A virtual host of its own at a RabbitMQ server, for what only RabbitMQ has.
final class AMQPPlace: Sendable {
    let server: RabbitMQServer
    let vhost: String

    init(_ server: RabbitMQServer? = nil) throws {
        self.server = try server ?? .shared
        vhost = try self.server.makeVirtualHost()
    }

    deinit { try? server.removeVirtualHost(vhost) }

    var url: String { server.url(vhost: vhost) }

    /// A broker that goes by the real clock.
    func broker(
        _ urls: [String]? = nil, nearETA: Double = 60, _ configure: (inout Settings) -> Void = { _ in }
    ) throws -> AMQPBroker {
        var settings = Settings(projectFolder: "/nowhere")
        // A server that starts on a busy machine takes its time.
        settings.publishTimeout = 120
        configure(&settings)
        return try AMQPBroker((urls ?? [url]).map { try ServiceURL($0) }, settings: settings, nearETA: nearETA)
    }
}

extension AMQPBroker {
    func worker(_ name: String = "w", of queues: [String] = ["celery"]) async throws -> AMQPConsumer {
        let identity = WorkerIdentity(id: TaskID().text, name: "\(name)-\(TaskID())", pid: 4711, process: "")
        guard let consumer = try await consumer(of: queues, as: identity) as? AMQPConsumer else { throw ServerTrouble("no consumer") }
        return consumer
    }
}

extension AMQPConsumer {
    /// Takes so many, however long they are on their way.
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

    /// Waits for a notice that contains `text`.
    func notice(containing text: String) async throws -> BrokerNotice {
        try await promptly("the notice '\(text)'", within: .seconds(45)) {
            for await notice in self.notices where notice.text.contains(text) { return notice }
            throw CancellationError()
        }
    }
}
