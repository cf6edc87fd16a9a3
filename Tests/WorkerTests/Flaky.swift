import CeleryCore
import Synchronization

/// A broker that refuses now and then.
struct FlakyBroker: Broker {
    let base: any Broker
    let trouble: Trouble
    var location: String { base.location }

    func publish(_ messages: [Message]) async throws {
        try trouble.strike(.publish)
        try await base.publish(messages)
    }

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        FlakyConsumer(base: try await base.consumer(of: queues, as: worker), trouble: trouble)
    }

    func close() async { await base.close() }
}

private struct FlakyConsumer: BrokerConsumer {
    let base: any BrokerConsumer
    let trouble: Trouble

    func take(_ maximum: Int) async throws -> [Delivery] {
        try trouble.strike(.take)
        return try await base.take(maximum)
    }

    func waitForWork(until deadline: ContinuousClock.Instant?) async throws { try await base.waitForWork(until: deadline) }

    func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        try trouble.strike(.settle)
        return try await base.settle(outcomes)
    }

    func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws { try await base.giveBack(handles, started: started) }
    func giveBack(crashed handles: [DeliveryHandle]) async throws { try await base.giveBack(crashed: handles) }
    func close() async { await base.close() }
}

/// A broker that says of messages of some tasks nothing at all, until they are set free: as one whose queue has no leader.
final class SilentBroker: Broker {
    private let base: any Broker
    private let silent: Set<String>
    private let bell = Bell()

    init(base: any Broker, silentOf tasks: Set<String>) {
        self.base = base
        silent = tasks
    }

    var location: String { base.location }

    func publish(_ messages: [Message]) async throws {
        try await base.publish(messages.filter { !silent.contains($0.task) })
        let stuck = messages.filter { silent.contains($0.task) }
        guard !stuck.isEmpty else { return }
        // It rings but once.
        await bell.wait(since: 0, until: nil)
        try Task.checkCancellation()
        try await base.publish(stuck)
    }

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        try await base.consumer(of: queues, as: worker)
    }

    func close() async { await base.close() }

    func setFree() { bell.ring() }
}

/// A broker that forgets, once, who has what it gave out: as when the connection is lost between
/// a delivery and its acknowledgement.
struct ForgetfulBroker: Broker {
    let base: any Broker
    let trouble = Trouble([.settle: 1])
    var location: String { base.location }

    func publish(_ messages: [Message]) async throws { try await base.publish(messages) }

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        ForgetfulConsumer(base: try await base.consumer(of: queues, as: worker), trouble: trouble)
    }

    func close() async { await base.close() }
}

private struct ForgetfulConsumer: BrokerConsumer {
    let base: any BrokerConsumer
    let trouble: Trouble

    func take(_ maximum: Int) async throws -> [Delivery] { try await base.take(maximum) }
    func waitForWork(until deadline: ContinuousClock.Instant?) async throws { try await base.waitForWork(until: deadline) }

    func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        do {
            try trouble.strike(.settle)
        } catch {
            try await base.giveBack(outcomes.map(\.handle), started: true)
        }
        return try await base.settle(outcomes)
    }

    func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws { try await base.giveBack(handles, started: started) }
    func giveBack(crashed handles: [DeliveryHandle]) async throws { try await base.giveBack(crashed: handles) }
    func close() async { await base.close() }
}

/// A broker whose connection is lost when the test says so: it gives out again what it gave out.
final class LossyBroker: Broker {
    private let base: any Broker
    private let given = Mutex<(consumer: (any BrokerConsumer)?, handles: [DeliveryHandle])>((nil, []))

    init(base: any Broker) { self.base = base }

    var location: String { base.location }

    func publish(_ messages: [Message]) async throws { try await base.publish(messages) }

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        let consumer = try await base.consumer(of: queues, as: worker)
        given.withLock { $0.consumer = consumer }
        return LossyConsumer(base: consumer) { handles in self.given.withLock { $0.handles += handles } }
    }

    func close() async { await base.close() }

    func loseConnection() async throws {
        let (consumer, handles) = given.withLock { given in
            defer { given.handles = [] }
            return given
        }
        try await consumer?.giveBack(handles, started: true)
    }
}

private struct LossyConsumer: BrokerConsumer {
    let base: any BrokerConsumer
    let note: @Sendable ([DeliveryHandle]) -> Void

    func take(_ maximum: Int) async throws -> [Delivery] {
        let deliveries = try await base.take(maximum)
        note(deliveries.map(\.handle))
        return deliveries
    }

    func waitForWork(until deadline: ContinuousClock.Instant?) async throws { try await base.waitForWork(until: deadline) }
    func settle(_ outcomes: [Outcome]) async throws -> [Bool] { try await base.settle(outcomes) }
    func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws { try await base.giveBack(handles, started: started) }
    func giveBack(crashed handles: [DeliveryHandle]) async throws { try await base.giveBack(crashed: handles) }
    func close() async { await base.close() }
}

/// A store that refuses now and then.
struct FlakyStore: ResultStore {
    let base: any ResultStore
    let trouble: Trouble
    var location: String { base.location }

    func store(_ results: [TaskResult]) async throws {
        try trouble.strike(.store)
        try await base.store(results)
    }

    func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] { try await base.results(for: ids) }
    func forget(_ ids: [TaskID]) async throws -> Int { try await base.forget(ids) }
    func close() async { await base.close() }
}

/// How often each call is still to fail.
final class Trouble: Sendable {
    enum Call { case publish, take, settle, store }

    private let left: Mutex<[Call: Int]>

    init(_ failures: [Call: Int]) { left = Mutex(failures) }

    func strike(_ call: Call) throws {
        let fails = left.withLock { left in
            guard let count = left[call], count > 0 else { return false }
            left[call] = count - 1
            return true
        }
        if fails { throw DriverError(.tryAgain, "no luck with \(call)") }
    }
}
