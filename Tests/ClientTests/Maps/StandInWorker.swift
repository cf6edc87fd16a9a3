import Brokers
import CeleryCore
import ResultStores
import Tasks
import Wire

@testable import Client

extension ClientFixture {
    /// Does what a worker would until cancelled: some tasks at a time, the last of them ending first.
    func startWorker(on queue: String = "celery", _ run: @escaping @Sendable (Message, TaskArguments) throws -> JSON) -> Task<Void, any Error> {
        Task {
            let consumer = await broker.consumer(of: [queue], as: WorkerIdentity(id: TaskID().text, name: "w", pid: 1, process: ""))
            while true {
                try Task.checkCancellation()
                let deliveries = try await consumer.take(7)
                if deliveries.isEmpty { try await consumer.waitForWork(until: nil) }
                for delivery in deliveries.reversed() {
                    let message = delivery.message
                    var result = TaskResult(id: message.id, state: .success)
                    do {
                        result.value = try run(message, BodyCodec.decode(message.body))
                    } catch {
                        (result.state, result.failure) = (.failure, TaskFailure(error: error))
                    }
                    try await store.store([result])
                    try await consumer.settle([Outcome(handle: delivery.handle, results: [])])
                }
            }
        }
    }

    /// A worker that squares the only argument.
    func startSquaring() -> Task<Void, any Error> {
        startWorker { _, arguments in
            guard case .int(let number) = arguments.args[0] else { throw TaskFailure(type: "TypeError") }
            return .int(number * number)
        }
    }

    /// Messages that wait at the broker.
    var waiting: Int { get async { await broker.queues().reduce(0) { $0 + $1.ready } } }

    /// Waits until a condition holds.
    func until(_ condition: @Sendable () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }
}
