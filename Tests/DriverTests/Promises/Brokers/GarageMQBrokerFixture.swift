import Brokers
import CeleryCore
import CeleryDB
import Fixtures

/// A broker at a garagemq server: AMQP 0-9-1 with nothing of RabbitMQ's but confirms. What it cannot keep is in a `celery.db`, which all
/// connections share as the programs of one machine do.
final class GarageMQBrokerFixture: AMQPFixture {
    /// It has no streams for events and losses, no priorities, and never says that a message comes for the second time.
    static let powers = AMQPBrokerFixture.powers.subtracting([
        .keptEvents, .losses, .highestFirst, .priorities, .widePriorities, .redelivery, .reportNumbers,
    ])
    /// Some confirms come late there, and with them what waits for them.
    static let patience: Duration = .milliseconds(600)

    let clock = ManualClock()
    private let server: GarageMQServer
    private let folder = TemporaryFolder()

    init() throws { server = try GarageMQServer() }

    var url: ServiceURL { get throws { try ServiceURL(server.url) } }

    func open() throws -> AMQPBroker {
        try AMQPBroker([url], settings: Self.settings, nearETA: .infinity, now: { [clock] in clock.now }) { [folder, clock] in
            SQLiteBroker(
                file: try DatabaseFile(path: folder.file("celery.db")), resultExpires: nil, processLives: { _ in true }, now: { clock.now })
        }
    }
}

extension GarageMQBrokerFixture: EventFixture {
    /// Events are not kept.
    func prepare() {}
}
