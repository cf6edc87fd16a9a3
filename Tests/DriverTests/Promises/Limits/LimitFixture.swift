import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import ResultStores
import Testing

@testable import Worker

/// What the promises of limits are proved on: a place of its own, and a clock that only the test moves.
protocol LimitFixture: Sendable {
    init() throws
    /// What this keeper can do.
    static var powers: Set<LimitPower> { get }
    var clock: ManualClock { get }
    /// A worker that asks for its tasks.
    func worker(_ name: String) async throws -> any LimitedWorker
    /// What the workers that are left do about one that is gone, by and by.
    func lookAfterTheDead(_ gone: any LimitedWorker, _ survivor: any LimitedWorker) async throws
}

/// A worker as the keeper of limits sees it.
protocol LimitedWorker: Sendable {
    /// Sends tasks, with limits of their own, and asks for them. They stay in line until they begin.
    func send(_ limits: [TaskLimit]) async throws
    /// Those of its tasks, by their numbers in the order of sending, that begin now.
    func begin() async throws -> [Int]
    /// They have ended.
    func end(_ numbers: [Int]) async throws
    /// The rate of a task has changed.
    func setRate(_ rate: RateLimit?, of task: String) async throws
    /// Ends as a worker does that stops.
    func leave() async throws
}

extension LimitedWorker {
    func send(_ count: Int, _ limit: TaskLimit) async throws { try await send(Array(repeating: limit, count: count)) }
}

// MARK: A broker

/// Limits that a SQLite file keeps for all its workers.
struct SQLiteLimitFixture: LimitFixture {
    static let powers = Set(LimitPower.allCases)

    private let broker = SQLiteBrokerFixture()
    var clock: ManualClock { broker.clock }

    func worker(_ name: String) async throws -> any LimitedWorker {
        BrokerLimitedWorker(worker: try await broker.worker(name, of: [name]), broker: try broker.connect())
    }

    func lookAfterTheDead(_ gone: any LimitedWorker, _ survivor: any LimitedWorker) async throws {
        guard let gone = gone as? BrokerLimitedWorker, let survivor = survivor as? BrokerLimitedWorker else { return }
        await broker.kill(gone.worker)
        try await broker.lookAfterTheDead(survivor.worker)
    }
}

/// A worker whose broker keeps the limits. It has a queue of its own.
actor BrokerLimitedWorker: LimitedWorker {
    nonisolated let worker: TestWorker
    private let broker: any Broker
    private var limits: [TaskID: (number: Int, limit: TaskLimit)] = [:]
    private var running: [Int: DeliveryHandle] = [:]

    init(worker: TestWorker, broker: any Broker) {
        self.worker = worker
        self.broker = broker
    }

    private var keeper: any LimitKeeping { get throws { try #require(worker.consumer as? any LimitKeeping) } }

    func send(_ new: [TaskLimit]) async throws {
        let messages = new.map { limit in
            var message = Message(limit.task, queue: worker.identity.name)
            message.expires = limit.expires
            return message
        }
        for (message, limit) in zip(messages, new) { limits[message.id] = (limits.count, limit) }
        try await broker.publish(messages)
    }

    func begin() async throws -> [Int] {
        let deliveries = try await worker.consumer.take(1_000)
        let asked = try deliveries.map { delivery in
            let (number, limit) = try #require(limits[delivery.message.id])
            return (delivery: delivery, number: number, limit: limit)
        }
        let answers = try await keeper.admit(asked.map { ($0.delivery.handle, $0.limit) })
        let begun = zip(asked, answers).compactMap { $1 ? $0 : nil }
        for one in begun { running[one.number] = one.delivery.handle }
        return begun.map(\.number)
    }

    func end(_ numbers: [Int]) async throws {
        let outcomes = numbers.compactMap { running.removeValue(forKey: $0) }.map { Outcome(handle: $0, results: []) }
        _ = try await worker.consumer.settle(outcomes)
    }

    func setRate(_ rate: RateLimit?, of task: String) async throws {
        for id in limits.keys where limits[id]?.limit.task == task { limits[id]?.limit.rate = rate }
        try await keeper.setRate(rate, of: task)
    }

    func leave() async throws { await worker.consumer.close() }
}

// MARK: A result store

/// Slots that a SQLite file keeps beside results.
struct SQLiteSlotFixture: LimitFixture {
    static let powers: Set<LimitPower> = [.slots, .allWorkers]

    private let stores = SQLiteResultStoreFixture()
    var clock: ManualClock { stores.clock }

    func worker(_ name: String) async throws -> any LimitedWorker {
        StoreLimitedWorker(name: name, keeper: try #require(try stores.connect(expires: nil) as? any SlotKeeping))
    }

    /// Nothing tells that it is gone but that it does not renew its lease.
    func lookAfterTheDead(_ gone: any LimitedWorker, _ survivor: any LimitedWorker) async throws {
        clock.advance(by: .seconds(10))
        try await (survivor as? StoreLimitedWorker)?.renew()
        clock.advance(by: .seconds(6))
    }
}

/// Slots that a Redis server keeps beside results.
struct RedisSlotFixture: LimitFixture {
    static let powers: Set<LimitPower> = [.slots, .allWorkers]

    let clock = ManualClock()
    private let place: RedisPlace

    init() throws { place = try RedisPlace() }

    func worker(_ name: String) async throws -> any LimitedWorker {
        StoreLimitedWorker(name: name, keeper: try place.store(testTime: { [clock] in clock.now }))
    }

    /// Nothing tells that it is gone but that it does not renew its lease.
    func lookAfterTheDead(_ gone: any LimitedWorker, _ survivor: any LimitedWorker) async throws {
        clock.advance(by: .seconds(10))
        try await (survivor as? StoreLimitedWorker)?.renew()
        clock.advance(by: .seconds(6))
    }
}

/// Slots that a PostgreSQL server keeps beside results.
struct PostgreSQLSlotFixture: LimitFixture {
    static let powers: Set<LimitPower> = [.slots, .allWorkers]

    private let stores: OwnPostgreSQLStoreFixture
    var clock: ManualClock { stores.clock }

    init() throws { stores = try OwnPostgreSQLStoreFixture() }

    func worker(_ name: String) async throws -> any LimitedWorker {
        StoreLimitedWorker(name: name, keeper: try stores.store(expires: nil))
    }

    /// Nothing tells that it is gone but that it does not renew its lease.
    func lookAfterTheDead(_ gone: any LimitedWorker, _ survivor: any LimitedWorker) async throws {
        clock.advance(by: .seconds(10))
        try await (survivor as? StoreLimitedWorker)?.renew()
        clock.advance(by: .seconds(6))
    }
}

/// A worker that asks a result store for the slots of its tasks.
private actor StoreLimitedWorker: LimitedWorker {
    private let name: String
    private let keeper: any SlotKeeping
    private var waiting: [(number: Int, limit: TaskLimit)] = []
    private var count = 0

    init(name: String, keeper: any SlotKeeping) {
        self.name = name
        self.keeper = keeper
    }

    func send(_ limits: [TaskLimit]) {
        for limit in limits {
            waiting.append((count, limit))
            count += 1
        }
    }

    func begin() async throws -> [Int] {
        let asked = waiting
        let claims = asked.map { number, limit in
            SlotClaim(holder: "\(number)", id: TaskID(), task: limit.task, key: limit.key, slots: limit.slots ?? .max)
        }
        let answers = try await keeper.claim(claims, by: name, for: .seconds(15))
        let begun = zip(asked, answers).compactMap { $1 ? $0.number : nil }
        waiting.removeAll { begun.contains($0.number) }
        return begun
    }

    func end(_ numbers: [Int]) async throws { try await keeper.leaveSlots(numbers.map { "\($0)" }, of: name) }
    func setRate(_ rate: RateLimit?, of task: String) {}
    func leave() async throws { try await keeper.leaveSlots(nil, of: name) }
    func renew() async throws { try await keeper.renewSlots(of: name, for: .seconds(15)) }
}

// MARK: A worker

/// Limits that a worker keeps by itself, where its broker keeps none.
struct WorkerLimitFixture: LimitFixture {
    static let powers: Set<LimitPower> = [.slots, .rates, .waiting]

    let clock = ManualClock()

    func worker(_ name: String) -> any LimitedWorker { LoneLimitedWorker(clock: clock) }
    func lookAfterTheDead(_ gone: any LimitedWorker, _ survivor: any LimitedWorker) {}
}

/// A worker that counts by itself.
private actor LoneLimitedWorker: LimitedWorker {
    private let clock: ManualClock
    private var limits = WorkerLimits()
    private var new: [(delivery: Delivery, limit: TaskLimit)] = []
    private var lines: [Int: WorkerLimits.LineName] = [:]
    private var running: Set<Int> = []
    private var count = 0

    init(clock: ManualClock) { self.clock = clock }

    func send(_ more: [TaskLimit]) {
        for limit in more {
            var message = Message(limit.task)
            message.expires = limit.expires
            new.append((Delivery(handle: DeliveryHandle(tag: Int64(count), attempt: 1), message: message), limit))
            lines[count] = WorkerLimits.LineName(limit)
            count += 1
        }
    }

    func begin() -> [Int] {
        var slots: [WorkerLimits.LineName: Int] = [:]
        for number in running { if let line = lines[number] { slots[line, default: 0] += 1 } }
        let now = clock.now
        // What has expired leaves its line first, as the worker has it.
        let expired = limits.pop { $0.message.expires.map { $0 < now } ?? false }
        var begun = expired + limits.release(.max, &slots, canPostpone: false, now: now).begin
        begun += limits.admit(new, &slots, canPostpone: false, now: now).begin
        new = []
        let numbers = begun.map { Int($0.handle.tag) }
        running.formUnion(numbers.dropFirst(expired.count))
        return numbers
    }

    func end(_ numbers: [Int]) { running.subtract(numbers) }
    func setRate(_ rate: RateLimit?, of task: String) { limits.setRate(rate, of: task) }

    func leave() {
        running = []
        _ = limits.pop { _ in true }
    }
}
