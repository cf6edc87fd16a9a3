import CeleryCore
import Fixtures
import Testing
import Wire

extension BrokerProof {
    func wholeMessages() async throws {
        var message = Message(id: TaskID("any text, even ü"), task: "shop.tasks.sell", body: BodyCodec.encode(
            TaskArguments(
                args: [1, "two", nil, [true], 2.5], kwargs: ["größe": "XL", "n": .bigInteger("123456789012345678901234567890")],
                embed: TaskArguments.Embed(callbacks: [Signature(task: "shop.tasks.ship", args: [7], options: ["queue": "q"])]))))
        message.expires = fixture.clock.now + .seconds(3_600)
        message.retries = 2
        message.hardTimeLimit = 60
        message.softTimeLimit = 30.5
        message.ignoreResult = true
        message.priority = 7
        message.groupID = "group"
        message.groupIndex = 3
        message.rootID = TaskID("root")
        message.parentID = TaskID("parent")
        message.shadow = "sale"
        message.origin = "gen1@here"
        message.argsRepr = "(1, 'two')"
        message.kwargsRepr = "{}"
        message.route = Route(queue: "orders", exchange: "shop", routingKey: "shop.sell")
        message.replyTo = "answers"
        message.correlationID = "correlation"
        message.isPersistent = false
        message.headers = ["x": [1, 2], "max_retries": 9]
        let plain = Message("plain")
        try await fixture.connect().publish([message, plain])

        var deliveries = try await fixture.worker(of: ["orders", "celery"]).takeAll(expecting: 2)
        // The order of two queues is another promise.
        if !Fixture.powers.contains(.oneOrder) { deliveries.sort { $0.message.task > $1.message.task } }
        #expect(deliveries.map(\.message.task) == ["shop.tasks.sell", "plain"])
        var received = try #require(deliveries.first).message
        // The readable form of the arguments can be made anew from the body.
        received.argsRepr = message.argsRepr
        received.kwargsRepr = message.kwargsRepr
        #expect(received == message)
        // The retries it came with were attempts.
        #expect(deliveries.attempts == [3, 1])
        let other = try #require(deliveries.last).message
        #expect(try BodyCodec.decode(other.body) == BodyCodec.decode(plain.body))
        #expect((other.id, other.priority ?? 0, other.isPersistent) == (plain.id, 0, true))
    }

    func bigMessages() async throws {
        let texts = [
            String(repeating: "0123456789", count: 1 << 20), "", "\u{0}\u{1}\u{7F}", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u{10FFFF} e\u{301}", "a\"b\\c\n",
        ]
        let messages = texts.map { Message(task: "t", body: BodyCodec.encode(TaskArguments(args: [.string($0)]))) }
        try await fixture.connect().publish(messages)
        let worker = try await fixture.worker()
        var deliveries: [Delivery] = []
        // A server may need longer for ten megabytes than for all else.
        for _ in 0..<100 where deliveries.count < texts.count { deliveries += try await worker.takeAll() }
        // Compared as bytes: a failure should not print ten megabytes.
        let bodies = try deliveries.map { try BodyCodec.decode($0.message.body).args.first?.stringValue.map { Array($0.utf8) } }
        #expect(bodies.count == texts.count)
        #expect(zip(bodies, texts).allSatisfy { $0 == Array($1.utf8) })
    }

    func emptyBatch() async throws {
        let broker = try fixture.connect()
        try await broker.publish([])
        let worker = try await fixture.worker()
        #expect(try await worker.names() == [])
        #expect(try await worker.consumer.settle([]) == [])
        try await worker.consumer.giveBack([], started: true)
    }

    func idInUse() async throws {
        let broker = try fixture.connect()
        let first = Message("first")
        try await broker.publish([first])
        var twin = Message("twin")
        twin.id = first.id
        func refusal(of messages: [Message]) -> DriverError {
            DriverError(
                .alreadyThere, "task id \(first.id) is already in use: it waits or runs", unconfirmed: Set(messages.map(\.id)),
                subject: first.id)
        }
        let batch = [Message("before"), twin, Message("after")]
        await #expect(throws: refusal(of: batch)) { try await broker.publish(batch) }

        let worker = try await fixture.worker()
        let deliveries = try await worker.takeAll(expecting: 1)
        #expect(deliveries.names == ["first"])
        let alone = [twin]
        await #expect(throws: refusal(of: alone)) { try await broker.publish(alone) }
        #expect(try await worker.names() == [])
    }

    func idTwiceInBatch() async throws {
        let broker = try fixture.connect()
        var (one, two) = (Message("one"), Message("two"))
        one.id = two.id
        two.priority = 3
        let batch = [one, two]
        let refusal = DriverError(.alreadyThere, "task id \(one.id) is already in use: it waits or runs", unconfirmed: [one.id], subject: one.id)
        await #expect(throws: refusal) { try await broker.publish(batch) }
        #expect(try await fixture.worker().names() == [])
    }

    func retriedBefore() async throws {
        var message = Message("again")
        message.retries = 2
        try await fixture.connect().publish([message])
        let worker = try await fixture.worker()
        #expect(try await worker.takeAll(expecting: 1).attempts == [3])
        // A worker that publishes it anew tells how many there were.
        try await fixture.connect().publish([Message("other").counting(attempts: 6)])
        let second = try await worker.takeAll(expecting: 1)
        #expect(second.attempts == [7])
        #expect(second.first?.message.headers == [:])
    }

    func idFreedAgain() async throws {
        let broker = try fixture.connect()
        let message = Message("again")
        try await broker.publish([message])
        let worker = try await fixture.worker()
        let first = try await worker.takeAll(expecting: 1)
        try await worker.consumer.settle(first.outcomes)
        try await broker.publish([message])
        let second = try await worker.takeAll(expecting: 1)
        #expect(second.attempts == [1])
        // The handle of the earlier message has no hold on the later one.
        #expect(try await worker.consumer.settle(first.outcomes) == [false])
        #expect(try await worker.consumer.settle(second.outcomes) == [true])
    }

    func publishersDoNotHurtEachOther() async throws {
        let broker = try fixture.connect()
        let taken = Message("taken")
        try await broker.publish([taken])
        var twin = Message("twin")
        twin.id = taken.id
        let bad = twin

        let accepted = try await withThrowingTaskGroup(of: [TaskID]?.self) { group in
            for number in 0..<200 {
                group.addTask {
                    // Each third batch is refused at its end, after it has put in a good message.
                    let good = Message("good")
                    do {
                        try await broker.publish(number % 3 == 0 ? [good, bad] : [good, Message("good")])
                        return number % 3 == 0 ? nil : [good.id]
                    } catch let error as DriverError where error.code == .alreadyThere {
                        return number % 3 == 0 ? [] : nil
                    }
                }
            }
            var accepted: [TaskID] = []
            for try await ids in group { accepted += try #require(ids) }
            return accepted
        }
        #expect(accepted.count == 133)
        let deliveries = try await fixture.worker().takeAll(expecting: 1 + 2 * 133)
        #expect(deliveries.count == 1 + 2 * 133)
        #expect(Set(accepted).isSubset(of: Set(deliveries.map(\.message.id))))
        #expect(!deliveries.names.contains("twin"))
    }
}
