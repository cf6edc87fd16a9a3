import CeleryCore
import Fixtures

/// A moment that a test prolongs: a call comes to it, and goes on when the test says so.
struct HeldMoment: Sendable {
    private let arrival = Bell()
    private let departure = Bell()

    /// Called where the moment is; only the first call is held.
    func pass() async {
        guard arrival.count == 0 else { return }
        arrival.ring()
        await departure.wait(since: 0, until: nil)
    }

    /// Waits until a call has come.
    func reached() async throws {
        try await promptly("the moment", within: .seconds(60)) { [arrival] in await arrival.wait(since: 0, until: nil) }
    }

    func end() { departure.ring() }
}

/// A broker whose consumers settle nothing before a moment ends.
struct HeldBroker: Broker {
    let base: any Broker
    let settling: HeldMoment
    var location: String { base.location }

    func publish(_ messages: [Message]) async throws { try await base.publish(messages) }

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        HeldConsumer(base: try await base.consumer(of: queues, as: worker), settling: settling)
    }

    func close() async { await base.close() }
}

private struct HeldConsumer: BrokerConsumer {
    let base: any BrokerConsumer
    let settling: HeldMoment

    func take(_ maximum: Int) async throws -> [Delivery] { try await base.take(maximum) }
    func waitForWork(until deadline: ContinuousClock.Instant?) async throws { try await base.waitForWork(until: deadline) }

    func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        await settling.pass()
        return try await base.settle(outcomes)
    }

    func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws { try await base.giveBack(handles, started: started) }
    func giveBack(crashed handles: [DeliveryHandle]) async throws { try await base.giveBack(crashed: handles) }
    func close() async { await base.close() }
}

/// A result store that answers no question before a moment ends.
struct HeldStore: ResultStore {
    let base: any ResultStore
    let lookup: HeldMoment
    var location: String { base.location }

    func store(_ results: [TaskResult]) async throws { try await base.store(results) }

    func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        await lookup.pass()
        return try await base.results(for: ids)
    }

    func forget(_ ids: [TaskID]) async throws -> Int { try await base.forget(ids) }
    func close() async { await base.close() }
}
