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
    func worker(_ name: String = "w", of queues: [String] = ["celery"]) async throws -> AMQPConsumer { try await subscription(name, queues) }
}
