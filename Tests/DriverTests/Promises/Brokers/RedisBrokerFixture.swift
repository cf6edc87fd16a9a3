import Brokers
import CeleryCore
import Fixtures
import Redis

/// A broker at a real Redis server: a prefix of its own for each fixture. Its scripts go by the clock of the test.
final class RedisBrokerFixture: BrokerFixture {
    static let powers: Set<BrokerPower> = [
        .priorities, .firstReaders, .returning, .searching, .eventSearching,
        .counting, .purging, .keys, .listing, .losses, .replies, .backlog, .leases, .leaseChecking, .jointSettling, .deadLetters, .deadLetterSending, .switching,
        .commands, .commandShowing, .demand, .schedule, .postponing, .events, .keptEvents, .control, .statistics, .beat, .probing, .reportNumbers, .returnOrder,
    ]

    let clock = ManualClock()
    let place: RedisBrokerPlace

    init() throws { place = try RedisBrokerPlace() }

    func connect() throws -> any Broker { try open() }

    func open() throws -> RedisBroker {
        try place.broker(testTime: { [clock] in clock.now }) { settings in
            var orders = QueueDefinition("orders")
            orders.exchange = "shop"
            orders.routingKey = "shop.sell"
            settings.queueDefinitions["orders"] = orders
        }
    }

    /// The worker goes on, as one that was taken for dead does, but its lease has run out.
    func kill(_ worker: TestWorker) async {
        _ = try? await place.link.ask(RedisCommand("ZADD", .text(place.key("_celery.leases")), "1", .text(worker.identity.id)))
    }

    func lookAfterTheDead(_ survivor: TestWorker) async throws {
        _ = try await (survivor.consumer as? any LeaseHolding)?.renewLease()
    }
}

extension RedisBrokerFixture: EventFixture {
    func prepare() async throws { try await open().keepEvents() }
}

extension RedisBrokerFixture: BeatFixture {
    static let beatPowers: Set<BeatPower> = [.leases, .spoiling]

    func openForBeat() throws -> any BeatKeeping { try open() }

    /// Nothing tells that it is dead but its silence since the others looked last.
    func kill(_ beat: TestBeat) { clock.advance(by: .seconds(7)) }

    func text(of entry: String, in beat: String) async throws -> String {
        try await place.link.ask(RedisCommand("HGET", .text(place.key("_celery.beat.\(beat)")), .text("record \(entry)"))).textValue ?? ""
    }

    func spoil(_ entry: String, in beat: String) async throws {
        _ = try await place.link.ask(RedisCommand("HSET", .text(place.key("_celery.beat.\(beat)")), .text("record \(entry)"), "{"))
    }

    func addUnreadableCommand(to beat: String) async throws {
        _ = try await place.link.ask(RedisCommand("HSET", .text(place.key("_celery.beat.\(beat).commands")), "99", "{"))
    }
}
