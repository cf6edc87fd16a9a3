import CeleryCore
import Fixtures
import Testing

extension BrokerProof {
    func counts() async throws {
        let broker = try fixture.connect()
        let counting = try #require(broker as? any QueueCounting)
        #expect(try await counting.queues() == [])
        let eta = fixture.clock.now + .seconds(60)
        try await broker.publish([
            Message("a"), Message("b"), Message("c"), Message("d", eta: eta),
            Message("e", queue: "other", eta: eta), Message("f", queue: "other", eta: eta),
        ])
        let worker = try await fixture.worker(of: ["celery", "idle"])
        #expect(try await worker.take(1, expecting: 1).names == ["a"])
        #expect(
            try await counting.queues() == [
                QueueCount(name: "celery", ready: 2, scheduled: 1, running: 1, consumers: 1),
                QueueCount(name: "idle", ready: 0, scheduled: 0, running: 0, consumers: 1),
                QueueCount(name: "other", ready: 0, scheduled: 2, running: 0, consumers: 0),
            ])
        #expect(try await counting.count(of: "idle")?.consumers == 1)
        #expect(try await counting.count(of: "no-such-queue") == nil)
        // Due, though no worker has looked yet.
        fixture.clock.advance(by: .seconds(10))
        await worker.consumer.close()
        fixture.clock.advance(by: .seconds(50))
        #expect(
            try await counting.queues() == [
                QueueCount(name: "celery", ready: 4, scheduled: 0, running: 0, consumers: 0),
                QueueCount(name: "other", ready: 2, scheduled: 0, running: 0, consumers: 0),
            ])
    }

    func demand() async throws {
        try await fixture.connect().publish((0..<5).map { Message("\($0)") } + [Message("elsewhere", queue: "other")])
        let worker = try await fixture.worker()
        let knowing = try #require(worker.consumer as? any WaitingKnowing)
        // A server may take a moment to count.
        #expect(try await eventually { try await knowing.waiting(upTo: 99, within: [:]) == 5 })
        #expect(try await eventually { try await knowing.waiting(upTo: 3, within: [:]) == 3 })
        let taken = try await worker.take(2, expecting: 2)
        #expect(try await eventually { try await knowing.waiting(upTo: 99, within: [:]) == 3 })
        try await worker.consumer.giveBack(taken.map(\.handle), started: false)
        #expect(try await eventually { try await knowing.waiting(upTo: 99, within: [:]) == 5 })
    }

    func schedule() async throws {
        let now = fixture.clock.now
        try await fixture.connect().publish(
            [90, 30, 60].map { Message("\($0)", eta: now + .seconds($0)) } + [Message("0"), Message("elsewhere", queue: "other", eta: now + .seconds(10))])
        let worker = try await fixture.worker()
        let knowing = try #require(worker.consumer as? any ScheduleKnowing)
        #expect(
            try await eventually {
                _ = try await worker.take(1)
                return try await knowing.scheduled(upTo: 2).map(\.task) == ["30", "60"]
            })
        fixture.clock.advance(by: .seconds(31))
        #expect(
            try await eventually {
                _ = try await worker.take(1)
                return try await knowing.scheduled(upTo: 99).map(\.task) == ["60", "90"]
            })
    }

    /// Messages of two queues: one taken, one scheduled, the others waiting.
    private func twoQueues() async throws -> (broker: any Broker, worker: TestWorker, taken: Delivery) {
        let broker = try fixture.connect()
        try await broker.publish([
            Message("taken", priority: 9), Message("a"), Message("b", eta: fixture.clock.now + .seconds(60)),
            Message("c", queue: "other"), Message("d", queue: "other", eta: fixture.clock.now + .seconds(60)),
        ])
        let worker = try await fixture.worker(of: ["celery", "other"])
        return (broker, worker, try #require(try await worker.take(1, expecting: 1).first))
    }

    func purges() async throws {
        let (broker, worker, taken) = try await twoQueues()
        let purging = try #require(broker as? any QueuePurging)
        #expect(try await purging.purge(["celery", "unheard of"])["celery"] == 2)
        #expect(try await purging.purge(["celery"]) == ["celery": 0])
        #expect(try await worker.names(expecting: 1) == ["c"])
        #expect(try await worker.consumer.settle([Outcome(taken)]) == [true])
        fixture.clock.advance(by: .seconds(60))
        #expect(try await worker.names(expecting: 1) == ["d"])
    }

    func purgesAll() async throws {
        let (broker, worker, taken) = try await twoQueues()
        let purging = try #require(broker as? any QueuePurging)
        #expect(try await purging.purge([]) == [:])
        #expect(try await purging.purge(nil).values.reduce(0, +) == 4)
        fixture.clock.advance(by: .seconds(60))
        #expect(try await worker.names() == [])
        // What a worker has is not touched, and comes back if it gives it back.
        try await worker.consumer.giveBack([taken.handle], started: false)
        #expect(try await worker.names(expecting: 1) == ["taken"])
    }

    func withdraws() async throws {
        let (broker, worker, taken) = try await twoQueues()
        let withdrawing = try #require(broker as? any MessageWithdrawing)
        let scheduled = Message("scheduled", eta: fixture.clock.now + .seconds(60))
        let waiting = Message("waiting")
        try await broker.publish([scheduled, waiting])
        let unknown = TaskID()
        #expect(
            try await withdrawing.withdraw([scheduled.id, taken.message.id, unknown, waiting.id, waiting.id])
                == [scheduled.id, waiting.id])
        #expect(try await withdrawing.withdraw([scheduled.id]) == [])
        #expect(try await worker.names(expecting: 2) == ["a", "c"])
        try await broker.publish([waiting])
        fixture.clock.advance(by: .seconds(60))
        #expect(try await worker.names(expecting: 3) == ["b", "d", "waiting"])
    }

    func locates() async throws {
        let broker = try fixture.connect()
        let locating = try #require(broker as? any MessageLocating)
        let submitted = fixture.clock.now
        let (one, two) = (Message("one", priority: 9), Message("two", queue: "q", eta: submitted + .seconds(60)))
        try await broker.publish([one, two])
        #expect(try await locating.locate([TaskID()]).isEmpty)

        var location = MessageLocation(task: "one", queue: "celery", state: .pending, attempt: 0, retries: 0)
        location.submitted = submitted
        var scheduled = MessageLocation(task: "two", queue: "q", state: .pending, attempt: 0, retries: 0)
        scheduled.submitted = submitted
        scheduled.eta = submitted + .seconds(60)
        #expect(try await locating.locate([one.id, two.id, TaskID()]) == [one.id: location, two.id: scheduled])

        fixture.clock.advance(by: .seconds(5))
        let worker = try await fixture.worker("name of the worker")
        let deliveries = try await worker.takeAll(expecting: 1)
        location.state = .started
        location.attempt = 1
        location.worker = "name of the worker"
        location.started = fixture.clock.now
        #expect(try await locating.locate([one.id]) == [one.id: location])

        var again = deliveries[0].message
        again.retries = 1
        again.eta = fixture.clock.now + .seconds(180)
        try await worker.consumer.settle([Outcome(deliveries[0], retry: again)])
        location.state = .retry
        location.retries = 1
        location.worker = nil
        location.started = nil
        location.eta = again.eta
        #expect(try await locating.locate([one.id]) == [one.id: location])

        fixture.clock.advance(by: .seconds(180))
        let second = try await worker.takeAll(expecting: 1)
        try await worker.consumer.settle(second.outcomes)
        #expect(try await locating.locate([one.id]).isEmpty)
    }

    func ids() async throws {
        let broker = try fixture.connect()
        try await broker.publish(
            ListedIDs.given.map { id in
                var message = Message("a")
                message.id = id
                return message
            })
        try await ListedIDs.check(try #require(broker as? any TaskIDListing))
    }

    func keys() async throws {
        let broker = try #require(try fixture.connect() as? any KeyedPublishing)
        let (first, second, third) = (Message("first"), Message("second"), Message("third"))
        #expect(try await broker.publish(first, key: "k", ttl: .seconds(60)) == first.id)
        #expect(try await broker.publish(second, key: "k", ttl: .seconds(60)) == first.id)
        #expect(try await broker.publish(second, key: "other", ttl: .seconds(60)) == second.id)
        let worker = try await fixture.worker()
        let deliveries = try await worker.takeAll(expecting: 2)
        #expect(deliveries.names == ["first", "second"])
        // Held although the task is done.
        try await worker.consumer.settle(deliveries.outcomes)
        fixture.clock.advance(by: .milliseconds(59_999))
        #expect(try await broker.publish(third, key: "k", ttl: .seconds(60)) == first.id)
        fixture.clock.advance(by: .milliseconds(1))
        #expect(try await broker.publish(third, key: "k", ttl: .seconds(60)) == third.id)
        #expect(try await worker.names(expecting: 1) == ["third"])
    }

    func keyOfRefused() async throws {
        let broker = try #require(try fixture.connect() as? any KeyedPublishing)
        let message = Message("a")
        try await broker.publish([message])
        await #expect(throws: DriverError.self) { try await broker.publish(message, key: "k", ttl: .seconds(60)) }
        let other = Message("b")
        #expect(try await broker.publish(other, key: "k", ttl: .seconds(60)) == other.id)
    }

    func backlog() async throws {
        let (_, worker, taken) = try await twoQueues()
        let one = try #require(worker.consumer as? any BacklogKnowing)
        let two = try #require(try await fixture.worker(of: ["celery"]).consumer as? any BacklogKnowing)
        // The one held by the other worker counts as well: it may come back.
        #expect(try await one.backlog() == 3)
        #expect(try await two.backlog() == 2)
        fixture.clock.advance(by: .seconds(60))
        #expect(try await two.backlog() == 3)
        try await worker.consumer.settle([Outcome(taken)] + worker.takeAll(expecting: 4).map { Outcome($0) })
        #expect(try await one.backlog() == 0)
        #expect(try await two.backlog() == 0)
    }

    func workers() async throws {
        let broker = try fixture.connect()
        let listing = try #require(broker as? any WorkerListing)
        #expect(try await listing.workers() == [])
        let started = fixture.clock.now
        let worker = try await fixture.worker("one", of: ["a", "b"])
        try await (worker.consumer as? any LeaseHolding)?.announce(tasks: ["x", "größe"])
        let doomed = try await fixture.worker("two")
        try await broker.publish([Message("x", queue: "b")])
        fixture.clock.advance(by: .seconds(3))
        let delivery = try #require(try await worker.takeAll(expecting: 1).first)
        await fixture.kill(doomed)
        let running = WorkerReport.RunningTask(id: delivery.message.id, task: "x", attempt: 1, started: started + .seconds(3))
        #expect(
            try await listing.workers() == [
                WorkerReport(name: "one", pid: 4711, queues: ["a", "b"], started: started, running: [running], tasks: ["x", "größe"])
            ])
        await worker.consumer.close()
        #expect(try await listing.workers() == [])
    }
}
