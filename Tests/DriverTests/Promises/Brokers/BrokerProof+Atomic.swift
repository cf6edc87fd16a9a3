import CeleryCore
import CeleryDB
import Fixtures
import ResultStores
import Testing

extension BrokerProof {
    /// A worker that can settle atomically and holds one message, and the store of its results.
    private func atomicWorker() async throws -> (TestWorker, any AtomicSettling, Delivery, any ResultStore) {
        let broker = try fixture.connect()
        try await broker.publish([Message("a")])
        let worker = try await fixture.worker(on: broker)
        let delivery = try #require(try await worker.takeAll(expecting: 1).first)
        return (worker, try #require(worker.consumer as? any AtomicSettling), delivery, try fixture.store(beside: broker))
    }

    private func results(of delivery: Delivery, _ state: TaskState = .success) -> [TaskResult] {
        var result = TaskResult(id: delivery.message.id, state: state, value: state == .success ? 42 : nil)
        result.attempt = delivery.handle.attempt
        let heir = TaskResult(id: TaskID("heir"), state: .failure, failure: TaskFailure(type: "E"))
        return [result, heir]
    }

    func atomic() async throws {
        let (worker, consumer, delivery, store) = try await atomicWorker()
        let outcome = Outcome(delivery, results: results(of: delivery), followUps: [Message("next")])
        #expect(try await consumer.settleAtomically([outcome]) == [true])
        let stored = try await store.results(for: [delivery.message.id, TaskID("heir")])
        #expect(stored[delivery.message.id]?.value == 42)
        #expect(stored[TaskID("heir")]?.state == .failure)
        #expect(try await worker.names(expecting: 1) == ["next"])
        // The id is taken for as long as its result is kept.
        let id = delivery.message.id
        let refusal = DriverError(.alreadyThere, "task id \(id) is already in use: its result is stored", unconfirmed: [id], subject: id)
        await #expect(throws: refusal) { try await fixture.connect().publish([delivery.message]) }
    }

    func atomicRetry() async throws {
        let (worker, consumer, delivery, store) = try await atomicWorker()
        var again = delivery.message
        again.retries = 1
        let outcome = Outcome(delivery, results: [results(of: delivery, .retry)[0]], retry: again)
        #expect(try await consumer.settleAtomically([outcome]) == [true])
        #expect(try await store.results(for: [again.id])[again.id]?.state == .retry)
        let second = try await worker.takeAll(expecting: 1)
        #expect(second.attempts == [2])
        #expect(try await consumer.settleAtomically([Outcome(second[0], results: results(of: second[0]))]) == [true])
        #expect(try await store.results(for: [again.id])[again.id]?.state == .success)
    }

    func atomicFence() async throws {
        let (doomed, consumer, delivery, store) = try await atomicWorker()
        let survivor = try await fixture.worker("survivor")
        await fixture.kill(doomed)
        try await fixture.lookAfterTheDead(survivor)
        let second = try await survivor.takeAll(expecting: 1)
        let late = Outcome(delivery, results: results(of: delivery), followUps: [Message("never")])
        #expect(try await consumer.settleAtomically([late]) == [false])
        #expect(try await store.results(for: [delivery.message.id, TaskID("heir")]).isEmpty)
        #expect(try await survivor.names() == [])
        #expect(try await survivor.consumer.settle(second.outcomes) == [true])
        #expect(try await consumer.settleAtomically([late]) == [false])
        #expect(try await store.results(for: [delivery.message.id, TaskID("heir")]).isEmpty)
    }

    func ownStore() async throws {
        let broker = try fixture.connect()
        let consumer = try #require(try await fixture.worker(on: broker).consumer as? any AtomicSettling)
        #expect(consumer.settlesInto(try fixture.store(beside: broker)))
        #expect(!consumer.settlesInto(MemoryResultStore()))
        // Each connection opens the file anew; behind one server there is one.
        if broker is any SQLiteFileHolding { #expect(!consumer.settlesInto(try fixture.store(beside: fixture.connect()))) }
    }
}
