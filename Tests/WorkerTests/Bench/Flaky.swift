import CeleryCore
import Synchronization

/// A broker that refuses now and then.
struct FlakyBroker: ForwardingBroker {
    let base: any Broker
    let trouble: Trouble

    func publish(_ messages: [Message]) async throws {
        try trouble.strike(.publish)
        try await base.publish(messages)
    }

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        FlakyConsumer(base: try await base.consumer(of: queues, as: worker), trouble: trouble)
    }
}

private struct FlakyConsumer: ForwardingConsumer {
    let base: any BrokerConsumer
    let trouble: Trouble

    func take(_ maximum: Int) async throws -> [Delivery] {
        try trouble.strike(.take)
        return try await base.take(maximum)
    }

    func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        try trouble.strike(.settle)
        return try await base.settle(outcomes)
    }
}

/// A broker that says of messages of some tasks nothing at all, until they are set free: as one whose queue has no leader.
final class SilentBroker: ForwardingBroker {
    let base: any Broker
    private let silent: Set<String>
    private let bell = Bell()

    init(base: any Broker, silentOf tasks: Set<String>) {
        self.base = base
        silent = tasks
    }

    func publish(_ messages: [Message]) async throws {
        try await base.publish(messages.filter { !silent.contains($0.task) })
        let stuck = messages.filter { silent.contains($0.task) }
        guard !stuck.isEmpty else { return }
        // It rings but once.
        await bell.wait(since: 0, until: nil)
        try Task.checkCancellation()
        try await base.publish(stuck)
    }

    func setFree() { bell.ring() }
}

/// A broker that forgets, once, who has what it gave out: as when the connection is lost between
/// a delivery and its acknowledgement.
struct ForgetfulBroker: ForwardingBroker {
    let base: any Broker
    let trouble = Trouble([.settle: 1])

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        ForgetfulConsumer(base: try await base.consumer(of: queues, as: worker), trouble: trouble)
    }
}

private struct ForgetfulConsumer: ForwardingConsumer {
    let base: any BrokerConsumer
    let trouble: Trouble

    func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        do {
            try trouble.strike(.settle)
        } catch {
            try await base.giveBack(outcomes.map(\.handle), started: true)
        }
        return try await base.settle(outcomes)
    }
}

/// A broker whose connection is lost when the test says so: it gives out again what it gave out.
final class LossyBroker: ForwardingBroker {
    let base: any Broker
    private let given = Mutex<(consumer: (any BrokerConsumer)?, handles: [DeliveryHandle])>((nil, []))

    init(base: any Broker) { self.base = base }

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        let consumer = try await base.consumer(of: queues, as: worker)
        given.withLock { $0.consumer = consumer }
        return LossyConsumer(base: consumer) { handles in self.given.withLock { $0.handles += handles } }
    }

    /// Whether it has given something out since it was lost.
    var hasGiven: Bool { given.withLock { !$0.handles.isEmpty } }

    func loseConnection() async throws {
        let (consumer, handles) = given.withLock { given in
            defer { given.handles = [] }
            return given
        }
        try await consumer?.giveBack(handles, started: true)
    }
}

private struct LossyConsumer: ForwardingConsumer {
    let base: any BrokerConsumer
    let note: @Sendable ([DeliveryHandle]) -> Void

    func take(_ maximum: Int) async throws -> [Delivery] {
        let deliveries = try await base.take(maximum)
        note(deliveries.map(\.handle))
        return deliveries
    }
}

/// A store that refuses now and then.
struct FlakyStore: ForwardingStore {
    let base: any ResultStore
    let trouble: Trouble

    func store(_ results: [TaskResult]) async throws {
        try trouble.strike(.store)
        try await base.store(results)
    }
}

/// A store that takes its time over the first final result, until it is set free.
final class SlowStore: ForwardingStore {
    let base: any ResultStore
    private let begun = Bell()
    private let free = Bell()

    init(base: any ResultStore) { self.base = base }

    var hasBegun: Bool { begun.count > 0 }

    func store(_ results: [TaskResult]) async throws {
        if results.contains(where: \.state.isReady), !hasBegun {
            begun.ring()
            await free.wait(since: 0, until: nil)
        }
        try await base.store(results)
    }

    func setFree() { free.ring() }
}

/// A store that holds an answer back until it is old.
final class StaleStore: ForwardingStore {
    let base: any ResultStore
    private let isArmed = Mutex(false)
    private let held = Bell()
    private let free = Bell()

    init(base: any ResultStore) { self.base = base }

    /// Holds back the next answer.
    func holdNext() { isArmed.withLock { $0 = true } }

    /// Whether an answer is or was held back.
    var holds: Bool { held.count > 0 }

    func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        let found = try await base.results(for: ids)
        let isHeld = isArmed.withLock { isArmed in
            defer { isArmed = false }
            return isArmed
        }
        if isHeld {
            held.ring()
            await free.wait(since: 0, until: nil)
        }
        return found
    }

    func setFree() { free.ring() }
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
