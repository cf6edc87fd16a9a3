@testable import Brokers
import CeleryCore
import Fixtures
import Redis
import ResultStores
import Synchronization
import Testing
import Wire

/// What only a broker in a Redis server has: kombu's keys, and what ours add to them.
@Suite(.timeLimit(.minutes(3))) struct RedisBrokerTests {
    private let place: RedisBrokerPlace

    init() throws { place = try RedisBrokerPlace() }

    private func text(_ task: String, tag: String = TaskID().text, id: String = TaskID().text, more: String = "") -> String {
        #"{"body": "W1tdLCB7fSwge31d", "content-encoding": "utf-8", "content-type": "application/json", "headers": {"task": "\#(task)", "id": "\#(id)"\#(more)}, "properties": {"body_encoding": "base64", "delivery_tag": "\#(tag)", "delivery_info": {"exchange": "", "routing_key": "celery"}}}"#
    }

    // MARK: Kombu's keys

    @Test func `a message lies in the list of its queue and step, as kombu puts it there`() async throws {
        let broker = try place.broker()
        try await broker.publish([Message("a"), Message("b"), Message("c", priority: 6)])
        let texts = try await place.ask("LRANGE", place.key("celery"), "0", "-1").elements?.compactMap(\.bytesValue) ?? []
        // The oldest at the right, where it is taken.
        try #require(try texts.map { try RedisEnvelope($0).wire.headers["task"] } == ["b", "a"])
        #expect(try await place.ask("LLEN", place.key("celery\u{06}\u{16}6")) == .integer(1))
        let properties = try JSON(parsing: texts[0])["properties"]
        #expect(properties?["delivery_info"] == ["exchange": "", "routing_key": "celery"])
        #expect(properties?["delivery_tag"]?.stringValue?.isEmpty == false)
    }

    @Test func `the lowest step is served first, in all queues`() async throws {
        let broker = try place.broker()
        try await broker.publish([Message("9", priority: 9), Message("3", queue: "other", priority: 3), Message("0"), Message("6", priority: 7)])
        let worker = try await broker.worker(of: ["celery", "other"])
        #expect(try await worker.take(9).names == ["0", "3", "6", "9"])
    }

    @Test func `what is taken is held for Python's workers to see, and what is acknowledged is gone`() async throws {
        let broker = try place.broker()
        try await place.push(text("a", tag: "T"))
        let worker = try await broker.worker()
        let deliveries = try await worker.take(5)
        try #require(deliveries.names == ["a"])
        #expect(try await place.unacked() == ["T"])
        let held = try await place.ask("HGET", place.key("unacked"), "T").bytesValue ?? []
        let parts = try JSON(parsing: held).arrayValue
        #expect(try parts?.first == JSON(parsing: Array(text("a", tag: "T", id: deliveries[0].message.id.text).utf8)))
        #expect(parts?.dropFirst().first == "" && parts?.dropFirst(2).first == "celery")
        #expect(abs((try await place.score("T") ?? 0) - Timestamp.now.seconds) < 60)
        #expect(try await worker.settle(deliveries.outcomes) == [true])
        #expect(try await place.unacked() == [])
        #expect(try await place.score("T") == nil)
        await worker.close()
    }

    @Test func `no more is taken at once than fits into memory`() async throws {
        let broker = try place.broker()
        let text = String(repeating: "x", count: 7 << 20)
        try await broker.publish((0..<4).map { Message(task: "\($0)", body: BodyCodec.encode(TaskArguments(args: [.string(text)]))) })
        let worker = try await broker.worker()
        #expect(try await worker.take(9).names == ["0", "1"])
        #expect(try await worker.take(9).names == ["2", "3"])
        await worker.close()
    }

    @Test func `copies of one message with one tag are held side by side`() async throws {
        try await place.push(text("a", tag: "T"))
        try await place.push(text("a", tag: "T"), to: "other")
        let worker = try await place.broker().worker(of: ["celery", "other"])
        let deliveries = try await worker.take(5)
        #expect(deliveries.count == 2)
        #expect(try await place.unacked().count == 2)
        #expect(try await worker.settle(deliveries.outcomes) == [true, true])
        #expect(try await place.unacked() == [])
        await worker.close()
    }

    @Test func `what is no message is handed over as a defect, and held as JSON that Python reads`() async throws {
        try await place.push("nonsense \u{1}")
        try await place.push(#"{"body": 7, "headers": {"id": "known", "task": "t"}, "properties": {"delivery_tag": "T"}}"#)
        let worker = try await place.broker().worker()
        let deliveries = try await worker.take(5)
        #expect(deliveries.map { $0.defect?.hasID } == [false, false])
        for tag in try await place.unacked() {
            let held = try JSON(parsing: try await place.ask("HGET", place.key("unacked"), tag).bytesValue ?? [])
            #expect(held.arrayValue?.count == 3 && held.arrayValue?[0].objectValue != nil)
        }
        await worker.close()
        #expect(try await place.ask("LLEN", place.key("celery")) == .integer(2))
    }

    @Test func `queues are bound to their exchanges, and messages go by the bindings of all`() async throws {
        let broker = try place.broker("", testTime: nil) { settings in
            var images = QueueDefinition("images")
            (images.exchange, images.exchangeType, images.routingKey) = ("media", "topic", "image.*")
            settings.queueDefinitions["images"] = images
        }
        // Another program's.
        _ = try await place.ask("SADD", place.key("_kombu.binding.media"), "image.#\u{06}\u{16}^image\\..*?$\u{06}\u{16}archive")
        var message = Message("a")
        message.route = Route(queue: "images", exchange: "media", routingKey: "image.png")
        try await broker.publish([message])
        let worker = try await broker.worker(of: ["images", "archive", "celery"])
        let deliveries = try await worker.take(9)
        #expect(deliveries.map(\.message.route.queue).sorted() == ["archive", "images"])
        let celery = try await place.ask("SMEMBERS", place.key("_kombu.binding.celery")).elements?.compactMap(\.textValue)
        #expect(celery == ["celery\u{06}\u{16}\u{06}\u{16}celery"])
        message.route.routingKey = "text.txt"
        let refused = message
        let error = await #expect(throws: DriverError.self) { try await broker.publish([Message("b"), refused]) }
        #expect(error?.code == .refused && error?.subject == message.id)
        #expect(try await worker.take(9).isEmpty)
        await worker.close()
    }

    // MARK: Holding

    @Test func `what is held is renewed long before the visibility timeout`() async throws {
        let clock = ManualClock()
        let broker = try place.broker("visibility_timeout=1", testTime: { clock.now })
        try await place.push(text("a", tag: "T"))
        let worker = try await broker.worker()
        let deliveries = try await worker.take(1)
        let first = try await place.score("T")
        clock.advance(by: .seconds(10))
        #expect(
            try await eventually {
                _ = try await worker.renewLease()
                return try await place.score("T") != first
            })
        #expect(try await place.score("T").map { abs($0 - clock.now.seconds) < 0.001 } == true)
        #expect(try await worker.settle(deliveries.outcomes) == [true])
        await worker.close()
    }

    @Test func `who holds a message that Python has put back and taken cannot acknowledge it`() async throws {
        try await place.push(text("a", tag: "T"))
        let worker = try await place.broker().worker()
        let deliveries = try await worker.take(1)
        try await place.restore("T")
        #expect(try await worker.stillHolds(deliveries.map(\.handle)) == [false])
        // Python's worker takes it and writes what it writes.
        _ = try await place.ask("RPOP", place.key("celery"))
        _ = try await place.ask("HSET", place.key("unacked"), "T", "[{}, \"\", \"celery\"]")
        _ = try await place.ask("ZADD", place.key("unacked_index"), "1796000000.5", "T")
        #expect(try await worker.stillHolds(deliveries.map(\.handle)) == [false])
        #expect(try await worker.settle(deliveries.outcomes) == [false])
        #expect(try await place.unacked() == ["T"])
        try await worker.giveBack(deliveries.map(\.handle), started: true)
        await worker.close()
        #expect(try await place.unacked() == ["T"])
    }

    @Test func `no number of an attempt is used twice, whoever puts the message back`() async throws {
        let broker = try place.broker()
        try await place.push(text("a", tag: "T"))
        let worker = try await broker.worker()
        var attempts: [Int] = []
        for _ in 0..<3 {
            attempts += try await worker.take(1).attempts
            try await place.restore("T")
        }
        let fourth = try await worker.take(1)
        attempts += fourth.attempts
        #expect(fourth.first?.doubts == 3)
        try await worker.giveBack(fourth.map(\.handle), started: true)
        let fifth = try await worker.take(1)
        attempts += fifth.attempts
        try await worker.giveBack(fifth.map(\.handle), started: false)
        attempts += try await worker.take(1).attempts
        #expect(attempts == [1, 2, 3, 4, 5, 5])
        await worker.close()
    }

    /// Has all leases run out but that of one worker.
    private func outlive(_ worker: RedisConsumer, _ clock: ManualClock) async throws {
        for _ in 0..<7 {
            clock.advance(by: .seconds(2))
            #expect(try await worker.renewLease().isEmpty)
        }
        clock.advance(by: .seconds(2))
    }

    @Test func `after an absence of the server nobody is taken for dead who comes back soon`() async throws {
        let clock = ManualClock()
        let broker = try place.broker(testTime: { clock.now })
        try await broker.publish([Message("a")])
        let (busy, other) = (try await broker.worker("busy"), try await broker.worker("other"))
        let deliveries = try await busy.take(1)
        clock.advance(by: .seconds(60))
        #expect(try await other.renewLease().isEmpty)
        clock.advance(by: .seconds(5))
        #expect(try await busy.renewLease().isEmpty)
        clock.advance(by: .seconds(5))
        #expect(try await other.renewLease().isEmpty)
        #expect(try await busy.settle(deliveries.outcomes) == [true])
        // Who does not come back is.
        #expect(try await busy.renewLease().isEmpty)
        await busy.die()
        try await outlive(other, clock)
        #expect(try await other.renewLease().map(\.worker) == ["busy"])
        await other.close()
    }

    @Test func `the messages of a dead worker come to the front, marked for Python's workers`() async throws {
        let clock = ManualClock()
        let broker = try place.broker(testTime: { clock.now })
        for name in ["a", "b"] { try await place.push(text(name, tag: name)) }
        let doomed = try await broker.worker("doomed")
        #expect(try await doomed.take(9).names == ["a", "b"])
        await doomed.die()
        try await place.push(text("c", tag: "c"))
        let survivor = try await broker.worker("survivor")
        try await outlive(survivor, clock)
        #expect(try await survivor.renewLease().map(\.messages) == [2])
        let texts = try await place.ask("LRANGE", place.key("celery"), "0", "-1").elements?.compactMap(\.bytesValue) ?? []
        let envelopes = try texts.map { try RedisEnvelope($0) }
        #expect(envelopes.map(\.tag) == ["c", "b", "a"] && envelopes.map(\.isRedelivered) == [false, true, true])
        #expect(try await broker.lostWorkers().workers.map(\.name) == ["doomed"])
        #expect(try await place.ask("EXISTS", place.key("_celery.held.\(doomed.identity.id)")) == .integer(0))
        await survivor.close()
    }

    @Test func `a takeover that was interrupted is gone on with`() async throws {
        let clock = ManualClock()
        let broker = try place.broker(testTime: { clock.now })
        try await broker.publish([Message("a")])
        let doomed = try await broker.worker("doomed")
        #expect(try await doomed.take(1).count == 1)
        await doomed.die()
        let survivor = try await broker.worker("survivor")
        try await outlive(survivor, clock)
        // Another has begun.
        let claim = place.key("_celery.takeover.\(doomed.identity.id)")
        _ = try await place.ask("SET", claim, "another", "PX", "60000")
        #expect(try await survivor.renewLease().isEmpty)
        _ = try await place.ask("DEL", claim)
        #expect(try await survivor.renewLease().map(\.worker) == ["doomed"])
        #expect(try await survivor.take(1).attempts == [2])
        await survivor.close()
    }

    @Test func `what came with an answer that was lost is found again`() async throws {
        let broker = try place.broker()
        try await broker.publish([Message("a"), Message("b")])
        let worker = try await broker.worker()
        let numbers = worker.deliveries.withLock { $0.reserve(2) }
        // As the server does it, and nobody hears.
        let keys = [place.key("unacked"), place.key("unacked_index"), worker.held, place.key("_celery.leases"), place.key("_celery.commands"), place.key("_celery.pauses"), place.key("_celery.fence.\(worker.identity.id)")]
        _ = try await place.link.ask(
            RedisCommand(
                RedisBrokerScripts.take, keys: keys,
                ["", .text(worker.identity.id), "2", "15", .number(Int(numbers.lowerBound)), "*", .text(place.key("_celery.again.")), "60", "1", "",
                 "celery", .text(place.key("celery")), .text(place.key("_celery.due.celery")), "1", "1"]))
        #expect(try await place.unacked().count == 2)
        worker.deliveries.withLock { $0.noteLost(numbers) }
        let deliveries = try await worker.take(5)
        #expect(deliveries.names == ["a", "b"] && deliveries.attempts == [1, 1])
        await worker.close()
    }

    @Test func `what was given up takes nothing when it reaches the server after all`() async throws {
        let broker = try place.broker()
        let worker = try await broker.worker()
        let numbers = worker.deliveries.withLock { $0.reserve(2) }
        worker.deliveries.withLock { $0.noteLost(numbers) }
        #expect(try await worker.take(5).isEmpty)
        try await broker.publish([Message("a")])
        // The link is whole again, and carries what was asked for before.
        let keys = ["unacked", "unacked_index"].map(place.key) + [worker.held]
            + ["leases", "commands", "pauses", "fence.\(worker.identity.id)"].map { place.key("_celery.\($0)") }
        let late = RedisCommand(
            RedisBrokerScripts.take, keys: keys,
            ["", .text(worker.identity.id), "2", "15", .number(Int(numbers.lowerBound)), "*", .text(place.key("_celery.again.")), "60", "1", "",
             "celery", .text(place.key("celery")), .text(place.key("_celery.due.celery")), "1", "1"])
        #expect(try await place.link.ask(late).elements?.count == 2)
        #expect(try await place.unacked() == [])
        #expect(try await place.ask("LLEN", place.key("celery")) == .integer(1))
        #expect(try await worker.take(5).names == ["a"])
        await worker.close()
        // Nor does it once the worker has gone.
        #expect(try await place.link.ask(late).elements?.count == 2)
        #expect(try await place.ask("LLEN", place.key("celery")) == .integer(1))
        #expect((1...3_600).contains(try await place.ask("TTL", place.key("_celery.fence.\(worker.identity.id)")).intValue ?? 0))
    }

    // MARK: Settling together

    private func store(expires: Double? = 3_600) throws -> RedisResultStore {
        try RedisResultStore(RedisOptions(ServiceURL(place.server.url)), RedisResultTerms(expires: expires, keyPrefix: place.prefix))
    }

    private func success(of delivery: Delivery, _ value: JSON) -> TaskResult {
        var result = TaskResult(id: delivery.message.id, state: .success, value: value)
        result.attempt = delivery.handle.attempt
        return result
    }

    @Test func `result, follow-ups and acknowledgement are one step where both are one Redis`() async throws {
        let (broker, store) = (try place.broker(), try store())
        try await broker.publish([Message("a")])
        let worker = try await broker.worker()
        #expect(worker.sharesServer(with: store) && !worker.sharesServer(with: MemoryResultStore()))
        let other = try RedisResultStore(RedisOptions(ServiceURL(place.server.url.dropLast() + "1")), RedisResultTerms(expires: 60))
        #expect(!worker.sharesServer(with: other))
        let deliveries = try await worker.take(1)
        try #require(deliveries.count == 1)
        let outcome = Outcome(deliveries[0], results: [success(of: deliveries[0], 42)], followUps: [Message("next")])
        #expect(try await worker.settleJointly([outcome], in: store) == [true])
        #expect(try await store.results(for: [deliveries[0].message.id])[deliveries[0].message.id]?.value == 42)
        #expect(try await worker.take(5).names == ["next"])
        await worker.close()
    }

    @Test func `a settlement whose answer was lost counts when it is asked for again, and is done once`() async throws {
        let broker = try place.broker()
        try await broker.publish([Message("a")])
        let worker = try await broker.worker()
        let deliveries = try await worker.take(1)
        try #require(deliveries.count == 1)
        let outcome = Outcome(deliveries[0], followUps: [Message("next")])
        let held = try #require(worker.deliveries.withLock { $0.delivery(deliveries[0].handle) })
        #expect(try await worker.settle([outcome]) == [true])
        // As if nobody had heard of it.
        worker.deliveries.withLock { $0.add(held) }
        worker.unanswered.withLock { $0[[outcome.handle]] = worker.settlements.load(ordering: .relaxed) }
        #expect(try await worker.settle([outcome]) == [true])
        worker.deliveries.withLock { $0.add(held) }
        #expect(try await worker.settle([outcome]) == [false])
        #expect(try await worker.take(5).names == ["next"])
        await worker.close()
    }

    @Test func `a late outcome leaves no result and no follow-ups`() async throws {
        let (broker, store) = (try place.broker(), try store())
        try await place.push(text("a", tag: "T"))
        let worker = try await broker.worker()
        let deliveries = try await worker.take(1)
        try #require(deliveries.count == 1)
        try await place.restore("T")
        let late = Outcome(deliveries[0], results: [success(of: deliveries[0], 1)], followUps: [Message("never")])
        #expect(try await worker.settleJointly([late], in: store) == [false])
        #expect(try await store.results(for: [deliveries[0].message.id]).isEmpty)
        #expect(try await worker.take(5).names == ["a"])
        await worker.close()
    }

    @Test func `a result that has to be looked at first leaves all as it was`() async throws {
        let (broker, store) = (try place.broker(), try store())
        try await broker.publish([Message("a")])
        let worker = try await broker.worker()
        let deliveries = try await worker.take(1)
        try #require(deliveries.count == 1)
        _ = try await place.ask("SET", place.prefix + "celery-task-meta-\(deliveries[0].message.id)", "compressed")
        let outcome = Outcome(deliveries[0], results: [success(of: deliveries[0], 1)])
        #expect(try await worker.settleJointly([outcome], in: store) == nil)
        #expect(try await worker.stillHolds(deliveries.map(\.handle)) == [true])
        await worker.close()
    }

    @Test func `no answers are sent beside results that Python's clients look up`() throws {
        #expect(!(try place.broker().mayBeAwaited(beside: store())))
        #expect(try place.broker().mayBeAwaited(beside: MemoryResultStore()) && place.broker().mayBeAwaited(beside: nil))
    }

    // MARK: Waiting for a time

    @Test func `a message with an ETA waits at the server, where Python finds it if nobody of ours is left`() async throws {
        let clock = ManualClock()
        let broker = try place.broker(testTime: { clock.now })
        let due = clock.now + .seconds(3 * 3_600)
        try await broker.publish([Message("later", eta: due), Message("now")])
        let worker = try await broker.worker()
        #expect(try await worker.take(5).names == ["now"])
        #expect(worker.deliveries.withLock { $0.held.count } == 1)
        let held = try await place.unacked()
        try #require(held.count == 2)
        let scores = try await [place.score(held[0]), place.score(held[1])].compactMap { $0 }
        #expect(scores.contains { abs($0 - due.seconds) < 0.001 })
        await worker.close()
        // A worker that ends does not take it along, nor does one that dies.
        #expect(try await place.unacked().count == 1)
        #expect(try await broker.count(of: "celery") == QueueCount(name: "celery", ready: 1, scheduled: 1, running: nil, consumers: 0))
        clock.advance(by: .seconds(3 * 3_600))
        let other = try await broker.worker("other")
        let deliveries = try await other.take(5)
        // What is due comes to the front.
        #expect(deliveries.names == ["now", "later"] || deliveries.names == ["later", "now"])
        #expect(deliveries.attempts == [1, 1])
        await other.close()
    }

    @Test func `what Python has put back meanwhile does not come twice`() async throws {
        let clock = ManualClock()
        let broker = try place.broker(testTime: { clock.now })
        try await broker.publish([Message("later", eta: clock.now + .seconds(60))])
        let worker = try await broker.worker()
        #expect(try await worker.take(5).isEmpty)
        let tag = try #require(try await place.unacked().first)
        clock.advance(by: .seconds(61))
        try await place.restore(tag)
        #expect(try await worker.take(5).names == ["later"])
        #expect(try await worker.take(5).isEmpty)
        await worker.close()
    }

    @Test func `purging drops what waits, with and without a time, and nothing else`() async throws {
        let clock = ManualClock()
        let broker = try place.broker(testTime: { clock.now })
        try await broker.publish([Message("held"), Message("later", eta: clock.now + .seconds(60))])
        let worker = try await broker.worker()
        let held = try await worker.take(5)
        try await broker.publish([Message("ready"), Message("other", queue: "other")])
        #expect(try await broker.purge(["celery", "none"]) == ["celery": 2, "none": 0])
        #expect(try await worker.settle(held.outcomes) == [true])
        #expect(try await broker.queues().map(\.name) == ["celery", "other"])
        #expect(try await broker.purge(nil).values.reduce(0, +) == 1)
        #expect(try await place.unacked() == [])
        await worker.close()
    }

    @Test func `what waits is listed, the newest first, with and without a time`() async throws {
        // Ids tell when they were made by the real clock.
        let clock = ManualClock(.now + .seconds(5))
        let broker = try place.broker(testTime: { clock.now })
        var again = Message("again")
        again.retries = 1
        try await broker.publish([Message("later", eta: clock.now + .seconds(60)), Message("held"), again, Message("other", queue: "other")])
        let worker = try await broker.worker()
        #expect(try await worker.take(1).names == ["held"])
        try await broker.publish([Message("ready", priority: 9)])
        let tasks = try await broker.waitingTasks(TaskFilter(), limit: 9)
        try #require(tasks.map(\.task) == ["ready", "other", "later", "again"])
        #expect(tasks.map(\.phase) == [.queued, .queued, .scheduled, .retry])
        #expect(tasks[2].location?.eta.map { abs($0.seconds - clock.now.seconds - 60) < 0.001 } == true)
        #expect(try await broker.waitingTasks(TaskFilter(), limit: 1).map(\.task) == ["ready"])
        var filter = TaskFilter()
        filter.task = "*er"
        #expect(try await broker.waitingTasks(filter, limit: 9).map(\.task) == ["other", "later"])
        filter.queue = "other"
        #expect(try await broker.waitingTasks(filter, limit: 9).map(\.task) == ["other"])
        filter.text = "nothing like it"
        #expect(try await broker.waitingTasks(filter, limit: 9).isEmpty)
        await worker.close()
    }

    // MARK: Publishing

    @Test func `a batch that is sent again because no answer came is published once`() async throws {
        let broker = try place.broker()
        let pushes = try await broker.pushes(of: [Message("a")])
        let words: [RedisCommand.Word] = ["1", "1", "1", "celery"] + pushes.flatMap { [.text($0.list), .bytes($0.text)] }
        let command = RedisCommand(RedisBrokerScripts.publish, keys: [place.key("_celery.sent.x"), place.key("_celery.queues")], words)
        #expect(try await place.link.ask([command, command]) == [.integer(1), .integer(0)])
        #expect(try await place.ask("LLEN", place.key("celery")) == .integer(1))
    }

    @Test func `names that no key may have are refused before anything is sent`() async throws {
        let broker = try place.broker()
        for queue in ["a\nb", "", "a\u{0}"] {
            await #expect(throws: DriverError.self) { try await broker.publish([Message("good"), Message("bad", queue: queue)]) }
        }
        #expect(try await place.ask("EXISTS", place.key("celery")) == .integer(0))
    }

    @Test func `results go to the lists where Python's clients wait for them`() async throws {
        let broker = try place.broker()
        var result = TaskResult(id: TaskID("a"), state: .success, value: 5)
        result.replyTo = "mailbox"
        try await broker.reply([result, TaskResult(id: TaskID("b"), state: .success, value: 6)])
        let text = try await place.ask("RPOP", place.key("mailbox")).bytesValue ?? []
        let wire = try RedisEnvelope(text).wire
        #expect(wire.properties.correlationID == "a" && wire.routingKey == "mailbox")
        #expect(try JSON(parsing: wire.body)["result"] == 5)
    }

    @Test func `a server without a log is told of`() async throws {
        let warnings = try await place.broker().durabilityWarnings()
        #expect(warnings.contains { $0.contains("keeps no append-only file, so a crash or power cut loses recent messages") })
    }
}
