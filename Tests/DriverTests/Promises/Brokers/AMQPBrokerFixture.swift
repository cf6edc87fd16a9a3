import Brokers
import CeleryCore
import Fixtures

/// A broker at a real RabbitMQ server: a virtual host of its own for each fixture.
final class AMQPBrokerFixture: BrokerFixture {
    static let powers: Set<BrokerPower> = [
        .counting, .purging, .backlog, .deadLetters, .switching, .commands, .commandShowing, .demand, .schedule, .events, .control,
        .statistics, .beat, .postponing, .pushing, .notices, .holdingAhead, .probing, .deadLetterSending, .reportNumbers,
        .losses, .replies, .returning, .highestFirst, .keptEvents, .widePriorities, .queueRemoving, .declarationChecking,
    ]
    static let patience: Duration = .milliseconds(200)

    let clock = ManualClock()
    let virtualHost: String
    private let server: RabbitMQServer

    init() throws {
        server = try RabbitMQServer.shared
        virtualHost = try server.makeVirtualHost()
    }

    deinit { try? server.removeVirtualHost(virtualHost) }

    var url: ServiceURL { get throws { try ServiceURL(server.url(vhost: virtualHost)) } }

    func connect() throws -> any Broker { try open() }

    func open() throws -> AMQPBroker {
        var settings = Settings(projectFolder: "/nowhere")
        // So that priorities count.
        settings.queueMaxPriority = 10
        var orders = QueueDefinition("orders", maxPriority: 10)
        orders.exchange = "shop"
        orders.routingKey = "shop.sell"
        settings.queueDefinitions["orders"] = orders
        // The ladder of the server goes by real time; the clock of the test does not.
        return try AMQPBroker([url], settings: settings, nearETA: .infinity) { [clock] in clock.now }
    }

    func kill(_ worker: TestWorker) async { await (worker.consumer as? AMQPConsumer)?.die() }

    func lookAfterTheDead(_ survivor: TestWorker) {}
}
