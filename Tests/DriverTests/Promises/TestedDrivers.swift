import Testing

/// The brokers that are held to all promises. A new driver is a line here, and a fixture.
enum TestedBroker: String, CaseIterable, Sendable {
    case memory, sqlite, rabbitMQ
    /// AMQP 0-9-1 without RabbitMQ's extensions.
    case plainAMQP
    case redis, zmq
    /// By STOMP.
    case activeMQ, rabbitMQByStomp
    /// By AMQP 1.0.
    case rabbitMQByAMQP10, proton

    /// Those that have a power.
    static func with(_ power: BrokerPower) -> [Self] { allCases.filter { $0.fixture.powers.contains(power) } }

    var fixture: any EventFixture.Type {
        switch self {
        case .memory: MemoryBrokerFixture.self
        case .sqlite: SQLiteBrokerFixture.self
        case .rabbitMQ: AMQPBrokerFixture.self
        case .plainAMQP: PlainAMQPFixture.self
        case .redis: RedisBrokerFixture.self
        case .activeMQ: ActiveMQFixture.self
        case .rabbitMQByStomp: RabbitMQByStompFixture.self
        case .rabbitMQByAMQP10: RabbitMQByAMQP10Fixture.self
        case .proton: ProtonFixture.self
        case .zmq: ZMQBrokerFixture.self
        }
    }
}

extension TestedBroker {
    /// The brokers that keep what beat needs.
    static var forBeat: [(driver: TestedBroker, fixture: any BeatFixture.Type)] {
        allCases.compactMap { driver in (driver.fixture as? any BeatFixture.Type).map { (driver, $0) } }
    }
}

/// The result stores that are held to all promises.
enum TestedStore: String, CaseIterable, Sendable {
    case memory, sqlite, pythonDatabase
    /// By message to the sender.
    case rpc
    /// A queue for each result.
    case amqp
    case redis
    case memcached
    case folder
    case tyrant, mongo
    /// Python's tables at a server.
    case postgreSQL, mariaDB, oracle
    /// Our own layout at a server.
    case ownPostgreSQL
    /// Behind a `celery broker`.
    case zmq

    var fixture: any ResultStoreFixture.Type {
        switch self {
        case .memory: MemoryResultStoreFixture.self
        case .sqlite: SQLiteResultStoreFixture.self
        case .pythonDatabase: PythonDatabaseFixture.self
        case .rpc: RPCResultStoreFixture.self
        case .amqp: QueueResultStoreFixture.self
        case .redis: RedisResultStoreFixture.self
        case .memcached: MemcachedResultStoreFixture.self
        case .folder: FolderResultStoreFixture.self
        case .tyrant: TyrantResultStoreFixture.self
        case .mongo: MongoResultStoreFixture.self
        case .postgreSQL: PostgreSQLStoreFixture.self
        case .mariaDB: MariaDBStoreFixture.self
        case .oracle: OracleStoreFixture.self
        case .ownPostgreSQL: OwnPostgreSQLStoreFixture.self
        case .zmq: ZMQResultStoreFixture.self
        }
    }
}

/// Those who keep rates and slots.
enum TestedLimits: String, CaseIterable, Sendable {
    case sqlite, zmq, resultStore, redisStore, postgreSQLStore, worker

    var fixture: any LimitFixture.Type {
        switch self {
        case .sqlite: SQLiteLimitFixture.self
        case .zmq: ZMQLimitFixture.self
        case .resultStore: SQLiteSlotFixture.self
        case .redisStore: RedisSlotFixture.self
        case .postgreSQLStore: PostgreSQLSlotFixture.self
        case .worker: WorkerLimitFixture.self
        }
    }
}

/// A driver and what it promises: one case of a test.
struct Promised<Driver: Sendable, Promise: Sendable & RawRepresentable<String>>: Sendable, CustomTestStringConvertible {
    var driver: Driver
    var promise: Promise

    var testDescription: String { "\(driver) \(promise.rawValue)" }
}
