import CeleryCore
import Fixtures
import Testing
import Wire

extension BrokerProof {
    private func keeping(_ broker: any Broker) throws -> any DeadLetterKeeping {
        try #require(broker as? any DeadLetterKeeping)
    }

    private func burial(_ reason: DeathReason = .signal(11), after seconds: Double = 0) -> Burial {
        Burial(
            reason, error: "E: mc² \u{1}", date: Timestamp(seconds: fixture.clock.now.seconds + seconds), worker: "w@h", attempts: 3,
            crashes: 2)
    }

    /// Gives up whatever waits, in this order, a second after the other.
    private func buryAll(
        _ names: [String], on broker: any Broker, queue: String = "celery", reason: DeathReason = .signal(11), from second: Double = 0,
        _ change: (inout Message) -> Void = { _ in }
    ) async throws -> [Message] {
        let messages = names.map { name in
            var message = Message(name, queue: queue)
            change(&message)
            return message
        }
        for (index, message) in messages.enumerated() {
            try await keeping(broker).bury(message, burial(reason, after: second + Double(index)))
        }
        return messages
    }

    private func keys(_ broker: any Broker, limit: Int = .max, _ change: (inout DeadLetterFilter) -> Void = { _ in }) async throws -> [String] {
        var filter = DeadLetterFilter()
        change(&filter)
        return try await keeping(broker).deadLetters(filter, limit: limit, withContent: false).map(\.key)
    }

    func buries() async throws {
        let broker = try fixture.connect()
        var message = Message("a", priority: 5)
        message.body = BodyCodec.encode(TaskArguments(args: ["ü", 1], kwargs: ["k": nil]))
        message.headers["mine"] = "x"
        message.replyTo = "mailbox"
        message.expires = fixture.clock.now + .seconds(3_600)
        try await broker.publish([message])
        let worker = try await fixture.worker(on: broker)
        let delivery = try #require(try await worker.takeAll(expecting: 1).first)
        let burial = burial()
        let outcome = Outcome(
            handle: delivery.handle, results: [], followUps: [Message("next")], disposition: .bury(delivery.message, burial))
        #expect(try await worker.consumer.settle([outcome]) == [true])
        #expect(try await worker.names(expecting: 1) == ["next"])
        let letter = try #require(try await keeping(try fixture.connect()).deadLetters(DeadLetterFilter(), limit: 9, withContent: true).first)
        #expect(letter.key == message.id.text)
        #expect(letter.taskID == message.id)
        #expect((letter.task, letter.queue) == ("a", "celery"))
        #expect(letter.burial == burial)
        let kept = try #require(letter.content?.message)
        #expect(kept.id == message.id)
        #expect(kept.body.bytes == message.body.bytes)
        #expect(letter.content?.body == message.body.bytes)
        #expect(kept.headers["mine"] == "x")
        #expect((kept.replyTo, kept.priority) == ("mailbox", 5))
        #expect(kept.expires == message.expires)
    }

    func buriesBatch() async throws {
        let broker = try fixture.connect()
        try await broker.publish([Message("a"), Message("b"), Message("c")])
        let worker = try await fixture.worker(on: broker)
        let deliveries = try await worker.takeAll(expecting: 3)
        var outcomes = deliveries.outcomes
        outcomes[1].disposition = .bury(deliveries[1].message, burial())
        outcomes[2].disposition = .retry(deliveries[2].message)
        #expect(try await worker.consumer.settle(outcomes) == [true, true, true])
        #expect(try await worker.names(expecting: 1) == ["c"])
        #expect(try await keys(broker) == [deliveries[1].message.id.text])
    }

    func buryFence() async throws {
        let broker = try fixture.connect()
        try await broker.publish([Message("a")])
        let doomed = try await fixture.worker("doomed")
        let delivery = try #require(try await doomed.takeAll(expecting: 1).first)
        let survivor = try await fixture.worker("survivor")
        await fixture.kill(doomed)
        try await fixture.lookAfterTheDead(survivor)
        let late = Outcome(handle: delivery.handle, results: [], disposition: .bury(delivery.message, burial()))
        #expect(try await doomed.consumer.settle([late]) == [false])
        #expect(try await survivor.names(expecting: 1) == ["a"])
        #expect(try await keys(broker).isEmpty)
    }

    func buriesWithoutDelivery() async throws {
        let broker = try fixture.connect()
        let message = try await buryAll(["a"], on: broker, queue: "orders", reason: .outOfMemory)[0]
        let letter = try #require(try await keeping(broker).deadLetters(DeadLetterFilter(), limit: 1, withContent: true).first)
        #expect((letter.key, letter.queue) == (message.id.text, "orders"))
        #expect(letter.burial == burial(.outOfMemory))
        #expect(letter.content?.message?.task == "a")
    }

    func deadOrder() async throws {
        let broker = try fixture.connect()
        let ids = try await buryAll(["a", "b", "c", "d"], on: broker).map(\.id.text)
        for _ in 0..<3 { #expect(try await keys(broker, limit: 2) == Array(ids[..<2])) }
        for _ in 0..<25 { #expect(try await keys(broker) == ids) }
    }

    func deadFilters() async throws {
        let broker = try fixture.connect()
        let now = fixture.clock.now
        let signals = try await buryAll(["app.a", "app.b"], on: broker).map(\.id.text)
        let memory = try await buryAll(["app.a"], on: broker, queue: "orders", reason: .outOfMemory, from: 2).map(\.id.text)
        let other = try await buryAll(["a"], on: broker, reason: .other("maxlen"), from: 3).map(\.id.text)
        #expect(try await keys(broker) { $0.keys = [signals[1], other[0], "nobody"] } == [signals[1], other[0]])
        #expect(try await keys(broker) { $0.keys = [] } == [])
        #expect(try await keys(broker) { $0.task = "app.a" } == [signals[0], memory[0]])
        #expect(try await keys(broker) { $0.task = "app.*" } == signals + memory)
        #expect(try await keys(broker) { $0.task = "app" } == [])
        #expect(try await keys(broker) { $0.queue = "orders" } == memory)
        #expect(try await keys(broker) { $0.reason = "signal" } == signals)
        #expect(try await keys(broker) { $0.reason = "signal 1" } == [])
        #expect(try await keys(broker) { $0.reason = "out of memory" } == memory)
        #expect(try await keys(broker) { $0.reason = "maxlen" } == other)
        #expect(try await keys(broker) { $0.since = now + .seconds(2) } == memory + other)
        #expect(try await keys(broker) { $0.until = now + .seconds(2) } == signals)
        #expect(
            try await keys(broker) {
                $0.task = "app.a"
                $0.reason = "signal"
            } == [signals[0]])
    }

    func deadAtOnce() async throws {
        let broker = try fixture.connect()
        let ids = try await buryAll((0..<300).map { "t\($0)" }, on: broker).map(\.id.text)
        if !Fixture.powers.contains(.firstReaders) { #expect(try await keys(broker) == ids) }
        try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<4 { group.addTask { try await self.keys(try self.fixture.connect()) } }
            for try await seen in group { #expect(seen == ids) }
        }
        #expect(try await keys(broker) == ids)
    }

    func replays() async throws {
        let broker = try fixture.connect()
        let message = try await buryAll(["a"], on: broker, queue: "orders") {
            $0.retries = 2
            $0.eta = fixture.clock.now + .seconds(3_600)
            $0.headers["mine"] = "x"
        }[0]
        let replays = try await keeping(broker).replay(DeadLetterFilter(), limit: 10, to: nil)
        #expect(replays.map(\.letter.key) == [message.id.text])
        #expect(replays.map(\.refusal) == [nil])
        #expect(try await keys(broker).isEmpty)
        let worker = try await fixture.worker(of: ["orders"])
        let delivery = try #require(try await worker.takeAll(expecting: 1).first)
        #expect(delivery.message.id == message.id)
        #expect((delivery.message.retries, delivery.message.eta) == (0, nil))
        #expect(delivery.message.headers["mine"] == "x")
        #expect(delivery.message.body.bytes == message.body.bytes)
        // Three attempts there were; none of them counts against it.
        #expect(delivery.handle.attempt == 4)
        #expect((delivery.crashes, delivery.doubts) == (0, 0))
        // It can die again.
        let outcome = Outcome(handle: delivery.handle, results: [], disposition: .bury(delivery.message, burial()))
        #expect(try await worker.consumer.settle([outcome]) == [true])
        #expect(try await keys(broker) == [message.id.text])
    }

    func replaysElsewhere() async throws {
        let broker = try fixture.connect()
        let ids = try await buryAll((0..<450).map { "t\($0)" }, on: broker).map(\.id.text)
        var filter = DeadLetterFilter()
        filter.task = "t*"
        #expect(try await keeping(broker).replay(filter, limit: 430, to: "orders").map(\.letter.key) == Array(ids[..<430]))
        #expect(try await keys(broker) == Array(ids[430...]))
        let worker = try await fixture.worker(of: ["orders"])
        #expect(Set(try await worker.takeAll(expecting: 430).map(\.message.id.text)) == Set(ids[..<430]))
        #expect(try await keeping(broker).replay(filter, limit: .max, to: "orders").count == 20)
        #expect(try await keys(broker).isEmpty)
    }

    func replayRefused() async throws {
        let broker = try fixture.connect()
        let ids = try await buryAll(["a", "b"], on: broker) {
            if $0.task == "a" { $0.expires = fixture.clock.now + .seconds(5) }
        }.map(\.id.text)
        fixture.clock.advance(by: .seconds(6))
        let replays = try await keeping(broker).replay(DeadLetterFilter(), limit: 10, to: nil)
        #expect(replays.map { $0.refusal?.hasPrefix("task \(ids[0]) expired at ") } == [true, nil])
        #expect(try await keys(broker) == [ids[0]])
        #expect(try await fixture.worker().names(expecting: 1) == ["b"])
    }

    func replayInUse() async throws {
        let broker = try fixture.connect()
        let messages = try await buryAll(["a", "b"], on: broker)
        try await broker.publish([messages[0]])
        let replays = try await keeping(broker).replay(DeadLetterFilter(), limit: 10, to: nil)
        #expect(replays.map(\.refusal) == ["task id \(messages[0].id) is already in use: it waits or runs", nil])
        #expect(try await keys(broker) == [messages[0].id.text])
    }

    func dropsDead() async throws {
        let broker = try fixture.connect()
        let ids = try await buryAll(["a", "b", "a", "a"], on: broker).map(\.id.text)
        var filter = DeadLetterFilter()
        filter.task = "a"
        #expect(try await keeping(broker).dropDeadLetters(filter, limit: 2).map(\.key) == [ids[0], ids[2]])
        #expect(try await keys(broker) == [ids[1], ids[3]])
        #expect(try await keeping(broker).dropDeadLetters(DeadLetterFilter(), limit: .max).count == 2)
        #expect(try await keys(broker).isEmpty)
        #expect(try await fixture.worker().names() == [])
    }

    func crashes() async throws {
        let broker = try fixture.connect()
        try await broker.publish([Message("a")])
        let worker = try await fixture.worker(on: broker)
        func next() async throws -> Delivery { try #require(try await worker.takeAll(expecting: 1).first) }
        var delivery = try await next()
        #expect((delivery.handle.attempt, delivery.crashes, delivery.doubts) == (1, 0, 0))
        try await worker.consumer.giveBack(crashed: [delivery.handle])
        delivery = try await next()
        #expect((delivery.handle.attempt, delivery.crashes, delivery.doubts) == (2, 1, 0))
        // Interrupted, and it was not its fault.
        try await worker.consumer.giveBack([delivery.handle], started: true)
        delivery = try await next()
        #expect((delivery.handle.attempt, delivery.crashes, delivery.doubts) == (3, 1, 0))
        var again = delivery.message
        again.retries = 1
        #expect(try await worker.consumer.settle([Outcome(delivery, retry: again)]) == [true])
        delivery = try await next()
        #expect((delivery.handle.attempt, delivery.crashes, delivery.doubts) == (4, 1, 0))
        try await worker.consumer.giveBack(crashed: [delivery.handle])
        delivery = try await next()
        #expect((delivery.handle.attempt, delivery.crashes, delivery.doubts) == (5, 2, 0))
    }
}
