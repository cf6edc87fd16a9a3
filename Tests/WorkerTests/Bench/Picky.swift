import CeleryCore
import Synchronization

/// A broker that never takes certain messages, and none of a batch with one among them.
struct PickyBroker: ForwardingBroker {
    let base: any Broker
    /// What is wrong with a message, if anything.
    let fault: @Sendable (Message) -> DriverError?
    let asked = Asked()

    func publish(_ messages: [Message]) async throws {
        asked.note(messages)
        if let error = messages.lazy.compactMap(fault).first { throw error }
        try await base.publish(messages)
    }

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        PickyConsumer(base: try await base.consumer(of: queues, as: worker), fault: fault, asked: asked)
    }

    /// How often it was asked to publish an id.
    final class Asked: Sendable {
        private let counts = Mutex<[TaskID: Int]>([:])

        func note(_ messages: [Message]) { counts.withLock { for message in messages { $0[message.id, default: 0] += 1 } } }
        subscript(id: TaskID) -> Int { counts.withLock { $0[id] ?? 0 } }
    }
}

private struct PickyConsumer: ForwardingConsumer {
    let base: any BrokerConsumer
    let fault: @Sendable (Message) -> DriverError?
    let asked: PickyBroker.Asked

    func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        for case .retry(let message) in outcomes.map(\.disposition) {
            asked.note([message])
            if let error = fault(message) { throw error }
        }
        return try await base.settle(outcomes)
    }

    func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws {
        // What was tried goes back with its number, so that it is sent anew.
        if started { throw DriverError(.refused, "the headers take 200000 bytes") }
        try await base.giveBack(handles, started: started)
    }

    func giveBack(crashed handles: [DeliveryHandle]) async throws { try await giveBack(handles, started: true) }
}

/// A store that never takes certain results, and none of a batch with one among them.
struct PickyStore: ForwardingStore {
    let base: any ResultStore
    let fault: @Sendable (TaskResult) -> DriverError?

    func store(_ results: [TaskResult]) async throws {
        if let error = results.lazy.compactMap(fault).first { throw error }
        try await base.store(results)
    }
}
