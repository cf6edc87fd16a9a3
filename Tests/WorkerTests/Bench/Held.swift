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
struct HeldBroker: ForwardingBroker {
    let base: any Broker
    let settling: HeldMoment

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        HeldConsumer(base: try await base.consumer(of: queues, as: worker), settling: settling)
    }
}

/// A broker that publishes nothing before a moment ends.
struct HeldPublishing: ForwardingBroker {
    let base: any Broker
    let publishing: HeldMoment

    func publish(_ messages: [Message]) async throws {
        await publishing.pass()
        try await base.publish(messages)
    }
}

private struct HeldConsumer: ForwardingConsumer {
    let base: any BrokerConsumer
    let settling: HeldMoment

    func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        await settling.pass()
        return try await base.settle(outcomes)
    }
}

/// A result store that answers no question before a moment ends.
struct HeldStore: ForwardingStore {
    let base: any ResultStore
    let lookup: HeldMoment

    func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        await lookup.pass()
        return try await base.results(for: ids)
    }
}
