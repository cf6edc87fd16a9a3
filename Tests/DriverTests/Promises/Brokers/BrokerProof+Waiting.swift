import CeleryCore
import Fixtures
import Testing

extension BrokerProof {
    /// Waits with a worker until something else, done meanwhile, gives it work.
    ///
    /// A wait may end early; it must not end late.
    private func waitFor(
        work worker: TestWorker, while act: @escaping @Sendable () async throws -> Void
    ) async throws -> [Delivery] {
        try await promptly("the end of the wait") {
            async let waiting: [Delivery] = {
                while true {
                    try await worker.consumer.waitForWork(until: nil)
                    let deliveries = try await worker.takeAll()
                    if !deliveries.isEmpty { return deliveries }
                }
            }()
            try await act()
            return try await waiting
        }
    }

    func wakes() async throws {
        let worker = try await fixture.worker()
        let broker = try fixture.connect()
        for number in 0..<50 {
            let deliveries = try await waitFor(work: worker) { try await broker.publish([Message("\(number)")]) }
            #expect(deliveries.names == ["\(number)"])
        }
    }

    func wakesForGivenBack() async throws {
        let (holder, deliveries) = try await worker(holding: "a", "b")
        // Where messages are pushed, it comes back at once to whoever has room.
        let waiting = Fixture.patience > .zero ? holder : try await fixture.worker("waiting")
        let first = try await waitFor(work: waiting) {
            try await holder.consumer.giveBack([deliveries[0].handle], started: true)
        }
        #expect(first.attempts == [2])
        try await waiting.consumer.settle(first.outcomes)
        let other = try await fixture.worker("other")
        #expect(try await waitFor(work: other) { await holder.consumer.close() }.names == ["b"])
    }

    func wakesWhenDue() async throws {
        let clock = fixture.clock
        try await fixture.connect().publish([Message("soon", eta: clock.now + .milliseconds(50))])
        let worker = try await fixture.worker()
        if !Fixture.powers.contains(.pushing) {
            // By the time that has really passed. Where messages are pushed, only one that has come ends a wait.
            try await promptly("the end of the wait") { try await worker.consumer.waitForWork(until: nil) }
        }
        #expect(try await worker.names() == [])
        clock.advance(by: .milliseconds(50))
        try await promptly("the end of the wait") { try await worker.consumer.waitForWork(until: nil) }
        #expect(try await worker.names(expecting: 1) == ["soon"])
    }

    func waitDeadline() async throws {
        let worker = try await fixture.worker()
        try await promptly("the end of the wait") {
            try await worker.consumer.waitForWork(until: .now + .milliseconds(20))
            try await worker.consumer.waitForWork(until: .now - .seconds(1))
        }
        #expect(try await worker.names() == [])
    }

    func waitCancelled() async throws {
        let worker = try await fixture.worker()
        try await promptly("the end of the wait") {
            let waiting = Task { try? await worker.consumer.waitForWork(until: .now + .seconds(3_600)) }
            waiting.cancel()
            await waiting.value
            let second = Task { try? await worker.consumer.waitForWork(until: .now + .seconds(3_600)) }
            try await Task.sleep(for: .milliseconds(20))
            second.cancel()
            await second.value
        }
        try await fixture.connect().publish([Message("after")])
        #expect(try await worker.names(expecting: 1) == ["after"])
    }

    func waitWithWork() async throws {
        let worker = try await fixture.worker()
        try await fixture.connect().publish([Message("a")])
        try await promptly("the end of the wait") { try await worker.consumer.waitForWork(until: .now + .seconds(3_600)) }
        #expect(try await worker.names(expecting: 1) == ["a"])
    }
}
