import CeleryCore
import Fixtures
import Testing

extension BrokerProof {
    func deathIsNoLoss() async throws {
        let broker = try fixture.connect()
        try await broker.publish([Message("a", priority: 3), Message("b"), Message("c", queue: "other")])
        let doomed = try await fixture.worker("doomed", of: ["celery", "other"])
        #expect(try await doomed.names(expecting: 3).sorted() == ["a", "b", "c"])
        let survivor = try await fixture.worker("survivor")
        try await fixture.lookAfterTheDead(survivor)
        #expect(try await survivor.names() == [])
        await fixture.kill(doomed)
        try await fixture.lookAfterTheDead(survivor)
        let deliveries = try await survivor.takeAll(expecting: 2)
        let isReversed = Fixture.powers.contains(.priorities) && !Fixture.powers.contains(.highestFirst)
        let order = isReversed ? ["b", "a"] : ["a", "b"]
        #expect(Fixture.powers.contains(.returnOrder) ? deliveries.names == order : deliveries.names.sorted() == ["a", "b"])
        #expect(deliveries.attempts == [2, 2])
        #expect(try await fixture.worker(of: ["other"]).takeAll(expecting: 1).attempts == [2])
    }

    func lateOutcome() async throws {
        let broker = try fixture.connect()
        try await broker.publish([Message("a")])
        let doomed = try await fixture.worker("doomed")
        let first = try await doomed.takeAll(expecting: 1)
        let survivor = try await fixture.worker("survivor")
        await fixture.kill(doomed)
        try await fixture.lookAfterTheDead(survivor)
        let late = first.map { Outcome($0, followUps: [Message("never")], retry: $0.message) }

        // Nobody has it yet: it waits.
        #expect(try await doomed.consumer.settle(late) == [false])
        let again = try await survivor.takeAll(expecting: 1)
        #expect(again.attempts == [2])
        // Another worker has it.
        #expect(try await doomed.consumer.settle(late) == [false])
        try await doomed.consumer.giveBack(first.map(\.handle), started: true)
        #expect(try await survivor.names() == [])
        #expect(try await survivor.consumer.settle(again.outcomes) == [true])
        // It is gone.
        #expect(try await doomed.consumer.settle(late) == [false])
        #expect(try await survivor.names() == [])
    }

    private func holder(_ worker: TestWorker) throws -> any LeaseHolding {
        try #require(worker.consumer as? any LeaseHolding)
    }

    func leaseRunsOut() async throws {
        try await fixture.connect().publish([Message("a")])
        let (hangs, lives) = (try await fixture.worker("hangs"), try await fixture.worker("lives"))
        #expect(try await hangs.names(expecting: 1) == ["a"])
        for _ in 0..<7 {
            fixture.clock.advance(by: .seconds(2))
            #expect(try await holder(lives).renewLease().isEmpty)
        }
        fixture.clock.advance(by: .seconds(2))
        let dead = try await holder(lives).renewLease()
        #expect(dead.map(\.worker) == ["hangs"])
        #expect(try await lives.takeAll(expecting: 1).attempts == [2])
    }

    func renewedLease() async throws {
        try await fixture.connect().publish([Message("a")])
        let (busy, other) = (try await fixture.worker("busy"), try await fixture.worker("other"))
        let deliveries = try await busy.takeAll(expecting: 1)
        for _ in 0..<20 {
            fixture.clock.advance(by: try holder(busy).leaseRenewalInterval * 5)
            #expect(try await holder(busy).renewLease().isEmpty)
            #expect(try await holder(other).renewLease().isEmpty)
        }
        #expect(try await other.names() == [])
        #expect(try await busy.consumer.settle(deliveries.outcomes) == [true])
    }

    func revival() async throws {
        let broker = try fixture.connect()
        try await broker.publish([Message("a")])
        let (slept, other) = (try await fixture.worker("slept"), try await fixture.worker("other"))
        try await holder(slept).announce(tasks: ["x.tasks.y"])
        let first = try await slept.takeAll(expecting: 1)
        fixture.clock.advance(by: .seconds(60))
        _ = try await holder(other).renewLease()

        // The process was stopped, say by SIGSTOP, and goes on as if nothing had been.
        #expect(try await holder(slept).renewLease().isEmpty)
        let second = try await slept.takeAll(expecting: 1)
        #expect(second.attempts == [2])
        #expect(try await slept.consumer.settle(first.outcomes) == [false])
        #expect(try await slept.consumer.settle(second.outcomes) == [true])
        let reports = try await (broker as? any WorkerListing)?.workers() ?? []
        #expect(reports.map(\.name).sorted() == ["other", "slept"])
        #expect(reports.first { $0.name == "slept" }?.tasks == ["x.tasks.y"])
    }

    func deathIsReported() async throws {
        try await fixture.connect().publish([Message("a"), Message("b")])
        let doomed = try await fixture.worker("doomed")
        #expect(try await doomed.takeAll(expecting: 2).count == 2)
        let (one, two) = (try await fixture.worker("one"), try await fixture.worker("two"))
        await fixture.kill(doomed)
        let reports = try await holder(one).renewLease() + holder(two).renewLease()
        #expect(reports.map(\.worker) == ["doomed"])
        #expect(reports.map(\.messages) == [2])
    }
}
