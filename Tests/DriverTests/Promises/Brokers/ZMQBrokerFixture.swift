import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import ResultStores
import ServedBroker

/// A broker behind `celery broker`: each connection is one of its own, and what the server does it does with a SQLite file.
final class ZMQBrokerFixture: BrokerFixture {
    static let powers = SQLiteBrokerFixture.powers.subtracting([.flightRecords, .resuming]).union([.probing, .pushing])

    let file = SQLiteBrokerFixture()
    let place: ServedBroker
    var clock: ManualClock { file.clock }

    init() throws {
        let broker = try file.open()
        place = try ServedBroker(broker: broker, store: SQLiteResultStore(file: broker.file, expires: nil) { [clock = file.clock] in clock.now })
    }

    func connect() throws -> any Broker { try place.broker() }

    func store(beside broker: any Broker) throws -> any ResultStore { try place.store() }

    func kill(_ worker: TestWorker) async { await file.kill(worker) }

    func lookAfterTheDead(_ survivor: TestWorker) async throws { try await file.lookAfterTheDead(survivor) }
}

extension ZMQBrokerFixture: EventFixture {
    func prepare() {}
}

extension ZMQBrokerFixture: BeatFixture {
    static let beatPowers = SQLiteBrokerFixture.beatPowers

    func openForBeat() throws -> any BeatKeeping { try place.broker() }

    func kill(_ beat: TestBeat) { file.kill(beat) }

    func text(of entry: String, in beat: String) async throws -> String { try await file.text(of: entry, in: beat) }

    func spoil(_ entry: String, in beat: String) async throws { try await file.spoil(entry, in: beat) }

    func addUnreadableCommand(to beat: String) async throws { try await file.addUnreadableCommand(to: beat) }
}

/// Limits that a SQLite file keeps, asked over the network.
struct ZMQLimitFixture: LimitFixture {
    static let powers = Set(LimitPower.allCases)

    private let broker: ZMQBrokerFixture
    var clock: ManualClock { broker.clock }

    init() throws { broker = try ZMQBrokerFixture() }

    func worker(_ name: String) async throws -> any LimitedWorker {
        BrokerLimitedWorker(worker: try await broker.worker(name, of: [name]), broker: try broker.connect())
    }

    func lookAfterTheDead(_ gone: any LimitedWorker, _ survivor: any LimitedWorker) async throws {
        guard let gone = gone as? BrokerLimitedWorker, let survivor = survivor as? BrokerLimitedWorker else { return }
        await broker.kill(gone.worker)
        try await broker.lookAfterTheDead(survivor.worker)
    }
}
