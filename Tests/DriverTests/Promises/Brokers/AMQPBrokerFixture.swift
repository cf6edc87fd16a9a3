import Brokers
import CeleryCore
import Fixtures

/// A broker at an AMQP 0-9-1 server.
protocol AMQPFixture: BrokerFixture, BeatFixture {
    var url: ServiceURL { get throws }

    func open() throws -> AMQPBroker
}

extension AMQPFixture {
    static var settings: Settings {
        var settings = Settings(projectFolder: "/nowhere")
        // So that priorities count.
        settings.queueMaxPriority = 10
        var orders = QueueDefinition("orders", maxPriority: 10)
        orders.exchange = "shop"
        orders.routingKey = "shop.sell"
        settings.queueDefinitions["orders"] = orders
        return settings
    }

    func connect() throws -> any Broker { try open() }

    func kill(_ worker: TestWorker) async { await (worker.consumer as? AMQPConsumer)?.die() }

    func lookAfterTheDead(_ survivor: TestWorker) {}
}

/// A broker at a real RabbitMQ server: a virtual host of its own for each fixture.
final class AMQPBrokerFixture: AMQPFixture {
    static let powers: Set<BrokerPower> = [
        .counting, .purging, .backlog, .deadLetters, .switching, .commands, .commandShowing, .demand, .schedule, .events, .control,
        .statistics, .beat, .postponing, .pushing, .notices, .holdingAhead, .probing, .deadLetterSending, .reportNumbers,
        .losses, .replies, .firstReaders, .returning, .returnOrder, .highestFirst, .priorities, .keptEvents, .widePriorities, .queueRemoving,
        .declarationChecking, .lacking,
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

    func open() throws -> AMQPBroker {
        // The ladder of the server goes by real time; the clock of the test does not.
        try AMQPBroker([url], settings: Self.settings, nearETA: .infinity) { [clock] in clock.now }
    }
}
