import CeleryCore
import Synchronization

/// A broker that keeps the results that are sent to waiting clients, and stores none of its own.
final class AnsweringBroker: ForwardingBroker, ReplySending {
    let base: any Broker
    private let answers = Mutex<[TaskResult]>([])

    init(base: any Broker) { self.base = base }

    /// The results sent so far.
    var sent: [TaskResult] { answers.withLock { $0 } }

    func reply(_ results: [TaskResult]) async throws { answers.withLock { $0 += results } }

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        PlainConsumer(base: try await base.consumer(of: queues, as: worker))
    }
}

/// A consumer that can do nothing beyond the core.
private struct PlainConsumer: ForwardingConsumer {
    let base: any BrokerConsumer
}
