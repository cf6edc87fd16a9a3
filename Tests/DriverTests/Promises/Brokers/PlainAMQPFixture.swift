import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import Glibc
import RabbitMQ

/// RabbitMQ, taken for an AMQP 0-9-1 server that has nothing of RabbitMQ's but confirms. What such a server cannot keep is in a
/// `celery.db`, which all connections share as the programs of one machine do.
final class PlainAMQPFixture: AMQPFixture {
    /// Without streams there are no events of the past, no losses and no numbers of reports; without arguments, no priorities.
    static let powers = AMQPBrokerFixture.powers.subtracting([
        .keptEvents, .losses, .reportNumbers, .highestFirst, .priorities, .widePriorities,
    ])
    static let patience = AMQPBrokerFixture.patience

    private let rabbitMQ: AMQPBrokerFixture
    private let folder = TemporaryFolder()
    var clock: ManualClock { rabbitMQ.clock }
    var url: ServiceURL { get throws { try rabbitMQ.url } }

    init() throws { rabbitMQ = try AMQPBrokerFixture() }

    func open() throws -> AMQPBroker {
        try AMQPBroker(
            [url], settings: Self.settings, nearETA: .infinity, now: { [clock] in clock.now },
            local: { [folder, clock] creates in
                let path = folder.file("celery.db")
                guard creates || access(path, F_OK) == 0 else { return nil }
                let file = try DatabaseFile(path: path)
                return SQLiteBroker(file: file, resultExpires: nil, processLives: { _ in true }, now: { clock.now })
            }, assumed: ServerAbilities(product: "AcmeMQ", version: "1", abilities: [.confirms]))
    }
}

extension PlainAMQPFixture: EventFixture {
    /// Events are not kept.
    func prepare() {}
}
