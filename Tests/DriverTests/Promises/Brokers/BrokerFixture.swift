import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import ResultStores
import Synchronization
import Testing

/// What the promises of brokers are proved on: a place of its own that keeps messages,
/// with a clock that only the test moves.
protocol BrokerFixture: Sendable {
    init() throws

    /// What this driver can do beyond the core.
    static var powers: Set<BrokerPower> { get }

    /// How long a message may be on its way to a worker: no time where workers fetch.
    static var patience: Duration { get }

    var clock: ManualClock { get }

    /// Opens a connection of its own to the place. The first makes the place.
    func connect() throws -> any Broker

    /// The store that the broker can settle into.
    func store(beside broker: any Broker) throws -> any ResultStore

    /// Ends a worker the way SIGKILL would: it gives nothing back and says nothing.
    func kill(_ worker: TestWorker) async

    /// What the workers that are left do about it, by and by.
    func lookAfterTheDead(_ survivor: TestWorker) async throws
}

/// A worker as the broker sees it.
struct TestWorker: Sendable {
    let identity: WorkerIdentity
    let consumer: any BrokerConsumer
    let patience: Duration
}

extension BrokerFixture {
    static var patience: Duration { .zero }

    func store(beside broker: any Broker) throws -> any ResultStore {
        SQLiteResultStore(file: try #require(broker as? any SQLiteFileHolding).file, expires: nil)
    }

    /// Subscribes a worker, by itself on a connection of its own.
    func worker(_ name: String = "w", of queues: [String] = ["celery"], on broker: (any Broker)? = nil) async throws -> TestWorker {
        let identity = WorkerIdentity(id: TaskID().text, name: name, pid: 4711, process: "process of \(TaskID())")
        let consumer = try await (broker ?? connect()).consumer(of: queues, as: identity)
        return TestWorker(identity: identity, consumer: consumer, patience: Self.patience)
    }
}

/// A broker in memory: all connections are the same one.
struct MemoryBrokerFixture: BrokerFixture {
    static let powers: Set<BrokerPower> = [
        .counting, .purging, .keys, .locating, .withdrawing, .backlog, .deadLetters, .firstReaders, .uniqueIDs, .countedAttempts, .oneOrder, .returning, .returnOrder, .exactCounts,
        .switching, .commands, .demand, .schedule, .events, .keptEvents, .widePriorities, .eventReading, .control, .statistics, .beat, .highestFirst,
        .priorities,
    ]

    let clock = ManualClock()
    let memory: MemoryBroker

    init() { memory = MemoryBroker { [clock] in clock.now } }

    func connect() -> any Broker { memory }

    func kill(_ worker: TestWorker) async { await (worker.consumer as? MemoryConsumer)?.die() }

    func lookAfterTheDead(_ survivor: TestWorker) {}
}

/// A broker in a SQLite file: each connection is one of its own, as of another process.
final class SQLiteBrokerFixture: BrokerFixture {
    static let powers = Set(BrokerPower.allCases).subtracting([
        .queueRemoving, .declarationChecking, .lacking, .searching, .eventSearching,
        .probing, .pushing, .notices, .holdingAhead, .deadLetterSending, .reportNumbers, .replies, .jointSettling,
    ])

    let clock = ManualClock()
    let folder = TemporaryFolder()
    /// Processes that are.
    let dead = Mutex<Set<String>>([])

    var path: String { folder.file("celery.db") }

    func connect() throws -> any Broker { try open() }

    func open(resultExpires: Double? = nil) throws -> SQLiteBroker {
        SQLiteBroker(
            file: try DatabaseFile(path: path), resultExpires: resultExpires,
            processLives: { [self] process in !dead.withLock { $0.contains(process) } },
            now: { [clock] in clock.now })
    }

    func kill(_ worker: TestWorker) async { dead.withLock { _ = $0.insert(worker.identity.process) } }

    func lookAfterTheDead(_ survivor: TestWorker) async throws {
        _ = try await (survivor.consumer as? any LeaseHolding)?.renewLease()
    }
}
