import Brokers
import CeleryCore
import Fixtures
import Proton

/// What all servers do by AMQP 1.0.
protocol AMQP10Fixture: EventFixture {
    var place: AMQP10Place { get }
}

extension AMQP10Fixture {
    static var patience: Duration { .milliseconds(300) }

    func connect() throws -> any Broker {
        // The servers go by real time; the clock of the test does not.
        try place.broker(nearETA: .infinity, now: { [clock] in clock.now }) { settings in
            var orders = QueueDefinition("orders")
            orders.exchange = "shop"
            orders.routingKey = "shop.sell"
            settings.queueDefinitions["orders"] = orders
        }
    }

    func kill(_ worker: TestWorker) async { await (worker.consumer as? AMQP10Consumer)?.die() }

    func lookAfterTheDead(_ survivor: TestWorker) {}

    func prepare() {}
}

/// A broker at a real RabbitMQ server with its plugin: a virtual host of its own for each fixture.
final class RabbitMQByAMQP10Fixture: AMQP10Fixture {
    /// What AMQP 1.0 cannot do: count, list, look at or remove single messages that wait, nor keep events, statistics, standing commands
    /// and what beat needs.
    static let powers: Set<BrokerPower> = [
        .backlog, .schedule, .switching, .events, .control, .postponing, .pushing, .notices, .probing, .deadLetters, .deadLetterSending, .returning,
        .returnOrder, .highestFirst, .priorities, .lacking,
    ]
    let clock = ManualClock()
    let place: AMQP10Place
    private let virtualHost: String
    private let server: RabbitMQServer

    init() throws {
        server = try RabbitMQServer.shared
        virtualHost = try server.makeVirtualHost()
        place = AMQP10Place(server.amqp10URL(vhost: virtualHost), prefix: "")
        // Priorities are a property of a queue, which the protocol has no words for. The driver takes the queue as it is.
        try server.makeQueue("celery", maxPriority: 9, in: virtualHost)
    }

    deinit { try? server.removeVirtualHost(virtualHost) }
}

/// Proton's example broker, which forgets a message as soon as it has sent it.
final class ProtonFixture: AMQP10Fixture {
    static let powers = RabbitMQByAMQP10Fixture.powers.subtracting([.events, .control, .deadLetters, .returning, .returnOrder, .highestFirst, .priorities])
    let clock = ManualClock()
    let place: AMQP10Place

    init() throws { place = AMQP10Place(try ProtonExample.shared.url) }
}
