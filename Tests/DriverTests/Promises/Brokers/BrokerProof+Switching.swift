import CeleryCore
import Fixtures
import Testing

extension BrokerProof {
    private func switching(_ worker: TestWorker) throws -> any QueueSwitching {
        try #require(worker.consumer as? any QueueSwitching)
    }

    func switchesQueues() async throws {
        let broker = try fixture.connect()
        try await broker.publish([Message("a", queue: "left"), Message("b", queue: "right"), Message("c", queue: "new")])
        let worker = try await fixture.worker(of: ["left"])
        #expect(try switching(worker).consumedQueues == ["left"])
        #expect(try await worker.names(expecting: 1) == ["a"])
        try await switching(worker).consume(from: ["right", "new", "right"])
        #expect(try switching(worker).consumedQueues == ["right", "new"])
        #expect(try await Set(worker.names(expecting: 2)) == ["b", "c"])
        try await broker.publish([Message("d", queue: "left"), Message("e", queue: "new")])
        #expect(try await worker.names(expecting: 1) == ["e"])
        try await switching(worker).consume(from: ["left", "new"])
        #expect(try await worker.names(expecting: 1) == ["d"])
    }

    func leavesQueues() async throws {
        let broker = try fixture.connect()
        try await broker.publish((0..<20).map { Message("\($0)", queue: "left") })
        let worker = try await fixture.worker(of: ["left", "right"])
        let held = try await worker.take(2, expecting: 2)
        #expect(held.count == 2)
        try await switching(worker).consume(from: ["right"])
        #expect(try await worker.names() == [])
        // What it had is still its own.
        #expect(try await worker.consumer.settle(held.outcomes) == [true, true])
        // All else is for others, in its order.
        let other = try await fixture.worker("other", of: ["left"])
        let rest = try await other.names(expecting: 18)
        let numbers = Fixture.powers.contains(.returnOrder) ? rest.compactMap { Int($0) } : rest.compactMap { Int($0) }.sorted()
        #expect(numbers == Array(2..<20))
    }

    func takesFromNothing() async throws {
        let broker = try fixture.connect()
        let worker = try await fixture.worker(of: ["left"])
        try await switching(worker).consume(from: [])
        try await broker.publish([Message("a", queue: "left")])
        #expect(try await worker.names() == [])
        try await worker.consumer.waitForWork(until: .now + .milliseconds(100))
        try await switching(worker).consume(from: ["left"])
        #expect(try await worker.names(expecting: 1) == ["a"])
    }
}
