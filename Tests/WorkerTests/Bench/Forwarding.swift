import CeleryCore

/// A broker that passes on what it is asked, but for what its own type says: for those that a test interferes with.
protocol ForwardingBroker: Broker {
    var base: any Broker { get }
}

extension ForwardingBroker {
    var location: String { base.location }

    func publish(_ messages: [Message]) async throws { try await base.publish(messages) }

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        try await base.consumer(of: queues, as: worker)
    }

    func close() async { await base.close() }
}

/// The same for the consumer of a broker. What the consumer can do beyond the core is hidden.
protocol ForwardingConsumer: BrokerConsumer {
    var base: any BrokerConsumer { get }
}

extension ForwardingConsumer {
    func take(_ maximum: Int) async throws -> [Delivery] { try await base.take(maximum) }
    func waitForWork(until deadline: ContinuousClock.Instant?) async throws { try await base.waitForWork(until: deadline) }
    func settle(_ outcomes: [Outcome]) async throws -> [Bool] { try await base.settle(outcomes) }
    func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws { try await base.giveBack(handles, started: started) }
    func giveBack(crashed handles: [DeliveryHandle]) async throws { try await base.giveBack(crashed: handles) }
    func close() async { await base.close() }
}

/// The same for a result store.
protocol ForwardingStore: ResultStore {
    var base: any ResultStore { get }
}

extension ForwardingStore {
    var location: String { base.location }

    func store(_ results: [TaskResult]) async throws { try await base.store(results) }
    func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] { try await base.results(for: ids) }
    func forget(_ ids: [TaskID]) async throws -> Int { try await base.forget(ids) }
    func close() async { await base.close() }
}
