import CeleryCore
import Fixtures
import Testing
import Wire

extension BrokerProof {
    /// A worker that holds messages of these names.
    func worker(holding names: String...) async throws -> (TestWorker, [Delivery]) {
        try await fixture.connect().publish(names.map { Message($0) })
        let worker = try await fixture.worker()
        let deliveries = try await worker.takeAll(expecting: names.count)
        #expect(deliveries.names == names)
        return (worker, deliveries)
    }

    /// A broker that counts knows that these were never tried; another may say that they were.
    private func expectUntried(_ deliveries: [Delivery]) {
        if Fixture.powers.contains(.countedAttempts) {
            #expect(deliveries.allSatisfy { $0.handle.attempt == 1 })
        } else {
            #expect(deliveries.allSatisfy { $0.handle.attempt <= 2 })
        }
    }

    func acknowledged() async throws {
        let (worker, deliveries) = try await worker(holding: "a", "b", "c")
        #expect(try await worker.consumer.settle(deliveries.dropLast().map { Outcome($0) }) == [true, true])
        await worker.consumer.close()
        #expect(try await fixture.worker().names(expecting: 1) == ["c"])
    }

    func retried() async throws {
        let (worker, deliveries) = try await worker(holding: "a", "b")
        var again = deliveries[0].message
        again.retries = 1
        again.priority = 4
        again.route.queue = "slow"
        again.body = BodyCodec.encode(TaskArguments(args: ["other"]))
        #expect(try await worker.consumer.settle([Outcome(deliveries[0], retry: again)]) == [true])
        #expect(try await worker.names() == [])

        let slow = try await fixture.worker(of: ["slow"])
        let second = try await slow.takeAll(expecting: 1)
        #expect(second.attempts == [2])
        #expect(second.first?.handle.redelivered == true)
        #expect(second.first?.message == again)
        try await slow.consumer.settle(second.outcomes)
        #expect(try await slow.names() == [])
    }

    func retriedLater() async throws {
        let (worker, deliveries) = try await worker(holding: "a")
        var again = deliveries[0].message
        again.retries = 1
        again.eta = fixture.clock.now + .seconds(180)
        try await worker.consumer.settle([Outcome(deliveries[0], retry: again)])
        fixture.clock.advance(by: .seconds(179))
        #expect(try await worker.names() == [])
        fixture.clock.advance(by: .seconds(1))
        #expect(try await worker.takeAll(expecting: 1).attempts == [2])
    }

    func followUps() async throws {
        let (worker, deliveries) = try await worker(holding: "a", "waits")
        try await worker.consumer.giveBack([deliveries[1].handle], started: false)
        var twin = Message("twin")
        twin.id = deliveries[1].message.id
        let later = Message("later", eta: fixture.clock.now + .seconds(10))
        var followUps = [Message("next", priority: 1), Message("other", queue: "q"), later]
        if Fixture.powers.contains(.uniqueIDs) { followUps.append(twin) }
        let outcome = Outcome(deliveries[0], followUps: followUps)
        #expect(try await worker.consumer.settle([outcome]) == [true])
        let order = try await worker.names(expecting: 2)
        #expect((Fixture.powers.contains(.oneOrder) ? order : order.sorted()) == ["next", "waits"])
        #expect(try await fixture.worker(of: ["q"]).names(expecting: 1) == ["other"])
        fixture.clock.advance(by: .seconds(10))
        #expect(try await worker.names(expecting: 1) == ["later"])
    }

    func settledOnce() async throws {
        let (worker, deliveries) = try await worker(holding: "a")
        let outcome = Outcome(deliveries[0], followUps: [Message("next")])
        #expect(try await worker.consumer.settle([outcome]) == [true])
        #expect(try await worker.consumer.settle([Outcome(deliveries[0], followUps: [Message("never")])]) == [false])
        #expect(try await worker.names(expecting: 1) == ["next"])
    }

    func mixedBatch() async throws {
        let (worker, deliveries) = try await worker(holding: "a", "b", "c")
        var foreign = deliveries[1].handle
        foreign.attempt += 1
        let unknown = DeliveryHandle(tag: 987_654, attempt: 1)
        let outcomes = [Outcome(deliveries[0])] + [foreign, unknown].map { Outcome(handle: $0, results: []) } + [Outcome(deliveries[2])]
        #expect(try await worker.consumer.settle(outcomes) == [true, false, false, true])
        await worker.consumer.close()
        #expect(try await fixture.worker().names(expecting: 1) == ["b"])
    }

    func givenBackUntried() async throws {
        let (worker, deliveries) = try await worker(holding: "a", "b", "c")
        try await fixture.connect().publish([Message("d")])
        try await worker.consumer.giveBack([deliveries[1].handle, deliveries[0].handle], started: false)
        // Where messages are pushed, they come back at once to whoever has room.
        let taker = Fixture.patience > .zero ? worker : try await fixture.worker("other")
        let again = try await taker.takeAll(expecting: 3)
        #expect(again.names.sorted() == ["a", "b", "d"])
        if Fixture.powers.contains(.oneOrder) { #expect(again.names == ["a", "b", "d"]) }
        expectUntried(again)
        // Given back is given up.
        #expect(try await worker.consumer.settle(deliveries.outcomes) == [false, false, true])
        try await worker.consumer.giveBack(deliveries.map(\.handle), started: true)
        #expect(try await worker.names() == [])
    }

    func givenBackTried() async throws {
        let (worker, deliveries) = try await worker(holding: "a")
        try await worker.consumer.giveBack(deliveries.map(\.handle), started: true)
        #expect(try await worker.takeAll(expecting: 1).attempts == [2])
    }

    func attempts() async throws {
        let (worker, first) = try await worker(holding: "a")
        try await worker.consumer.giveBack(first.map(\.handle), started: true)
        let second = try await worker.takeAll(expecting: 1)
        var again = second[0].message
        again.retries += 1
        try await worker.consumer.settle([Outcome(second[0], retry: again)])
        let third = try await worker.takeAll(expecting: 1)
        try await worker.consumer.giveBack(third.map(\.handle), started: false)
        let fourth = try await worker.takeAll(expecting: 1)
        #expect([first, second, third, fourth].flatMap(\.attempts) == [1, 2, 3, 3])
        #expect(fourth[0].message.retries == 1)
    }

    func closeGivesBack() async throws {
        let (worker, deliveries) = try await worker(holding: "a", "b")
        await worker.consumer.close()
        let again = try await fixture.worker().takeAll(expecting: 2)
        #expect(Fixture.powers.contains(.returnOrder) ? again.names == deliveries.names : again.names.sorted() == deliveries.names)
        expectUntried(again)
    }

    func closeWhenCancelled() async throws {
        let (worker, _) = try await worker(holding: "a")
        let closing = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await worker.consumer.close()
        }
        await closing.value
        #expect(try await fixture.worker().names(expecting: 1) == ["a"])
    }
}
