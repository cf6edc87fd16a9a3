import Brokers
import CeleryCore
import Fixtures
import STOMP

/// What both servers do by STOMP.
protocol STOMPFixture: EventFixture {
    var place: STOMPPlace { get }
}

extension STOMPFixture {
    static var patience: Duration { .milliseconds(300) }

    func connect() throws -> any Broker { try open() }

    func open() throws -> STOMPBroker {
        // The servers go by real time; the clock of the test does not.
        try place.broker(nearETA: .infinity, now: { [clock] in clock.now }) { settings in
            settings.queueMaxPriority = 9
            var orders = QueueDefinition("orders", maxPriority: 9)
            orders.exchange = "shop"
            orders.routingKey = "shop.sell"
            settings.queueDefinitions["orders"] = orders
        }
    }

    func kill(_ worker: TestWorker) async { await (worker.consumer as? STOMPConsumer)?.die() }

    func lookAfterTheDead(_ survivor: TestWorker) {}

    func prepare() {}
}

/// A broker at a real ActiveMQ server.
final class ActiveMQFixture: STOMPFixture {
    /// What STOMP cannot do: list, look at or remove single messages that wait, nor keep events, statistics, standing commands and what
    /// beat needs. ActiveMQ can at least show a queue.
    static let powers: Set<BrokerPower> = [
        .backlog, .schedule, .switching, .events, .control, .postponing, .pushing, .notices, .probing, .deadLetters, .firstReaders, .deadLetterSending,
        .returning, .highestFirst, .priorities, .lacking,
    ]
    let clock = ManualClock()
    let place: STOMPPlace

    init() throws { place = STOMPPlace(try ActiveMQServer.shared.url) }
}

/// A broker at a real RabbitMQ server with its plugin: a virtual host of its own for each fixture.
final class RabbitMQByStompFixture: STOMPFixture {
    static let powers = ActiveMQFixture.powers.subtracting([.backlog, .switching]).union([.returnOrder])
    let clock = ManualClock()
    let place: STOMPPlace
    private let virtualHost: String
    private let server: RabbitMQServer

    init() throws {
        server = try RabbitMQServer.shared
        virtualHost = try server.makeVirtualHost()
        place = STOMPPlace(server.stompURL(vhost: virtualHost))
    }

    deinit { try? server.removeVirtualHost(virtualHost) }
}
