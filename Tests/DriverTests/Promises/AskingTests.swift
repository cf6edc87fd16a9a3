import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import SQLite
import Testing

/// Asking workers through each broker, and having them take from other queues.
@Suite(.timeLimit(.minutes(3))) struct AskingTests {
    private func worker(_ name: String, of queues: [String] = ["celery"], on broker: any Broker) async throws -> any BrokerConsumer {
        let worker = WorkerIdentity(id: TaskID().text, name: name, pid: 4711, process: "process of \(TaskID())")
        return try await broker.consumer(of: queues, as: worker)
    }

    private func answering(_ name: String, on broker: any Broker, _ value: @escaping @Sendable (ControlRequest) -> JSON?) async throws -> any BrokerConsumer {
        let worker = try await worker(name, on: broker)
        (worker as? any RemoteControllable)?.answerControl { value($0) }
        return worker
    }

    @Test(arguments: TestedBroker.with(.control)) func `each worker answers each question, with its arguments`(_ driver: TestedBroker) async throws {
        let fixture = try driver.fixture.init()
        let workers = try await ["a@x", "b@x"].asyncMap { name in
            try await answering(name, on: fixture.connect()) { [.string(name), .string($0.method), .object($0.arguments)] }
        }
        let broker = try #require(fixture.connect() as? any WorkerAsking)
        let requests = [ControlRequest(method: "one", arguments: ["n": 1]), ControlRequest(method: "two")]
        let answers = try await broker.ask(requests, of: .all, within: .seconds(5))
        #expect(answers.silent == [])
        #expect(answers.answers.map { $0.sorted { $0.worker < $1.worker } } == [
            [.init(worker: "a@x", value: ["a@x", "one", ["n": 1]]), .init(worker: "b@x", value: ["b@x", "one", ["n": 1]])],
            [.init(worker: "a@x", value: ["a@x", "two", [:]]), .init(worker: "b@x", value: ["b@x", "two", [:]])],
        ])
        for worker in workers { await worker.close() }
        withExtendedLifetime(fixture) {}
    }

    @Test(arguments: TestedBroker.with(.control)) func `only those answer who are meant, at once, and the silent are named`(_ driver: TestedBroker) async throws {
        let fixture = try driver.fixture.init()
        let workers = try await ["a@x", "b@x"].asyncMap { name in
            try await answering(name, on: fixture.connect()) { $0.method == "say" ? .string(name) : nil }
        }
        let broker = try #require(fixture.connect() as? any WorkerAsking)
        let say = [ControlRequest(method: "say")]
        let start = ContinuousClock.now
        let named = try await broker.ask(say, of: WorkerChoice(names: ["b@x"]), within: .seconds(60))
        #expect(named.answers == [[.init(worker: "b@x", value: "b@x")]] && named.silent == [])
        #expect(ContinuousClock.now - start < .seconds(30).onThisMachine)
        for (pattern, matcher) in [("a*", "glob"), ("[^b]@x$", "pcre")] {
            // Again, should the answer have come too late.
            #expect(try await eventually {
                let some = try await broker.ask(say, of: WorkerChoice(pattern: pattern, matcher: matcher), within: .seconds(2))
                return some.answers == [[.init(worker: "a@x", value: "a@x")]] && some.silent == []
            }, "\(pattern)")
        }
        #expect(try await eventually {
            let missing = try await broker.ask(say, of: WorkerChoice(names: ["a@x", "c@x"]), within: .seconds(2))
            return missing.answers == [[.init(worker: "a@x", value: "a@x")]] && missing.silent == ["c@x"]
        })
        let silent = try await broker.ask([ControlRequest(method: "hush")], of: .all, within: .milliseconds(300))
        #expect(silent.answers == [[]])
        #expect(silent.silent == (driver.knowsWorkers ? ["a@x", "b@x"] : []))
        for worker in workers { await worker.close() }
        // Nobody is left to wait for.
        let none = try await broker.ask(say, of: .all, within: .milliseconds(300))
        #expect(none.answers == [[]] && none.silent == [])
        withExtendedLifetime(fixture) {}
    }

    @Test(arguments: TestedBroker.with(.control)) func `a command is carried out once, and not answered`(_ driver: TestedBroker) async throws {
        let fixture = try driver.fixture.init()
        let (commands, note) = AsyncStream.makeStream(of: String.self)
        let worker = try await answering("a@x", on: fixture.connect()) { request in
            note.yield(request.method)
            return request.method == "ping" ? "pong" : nil
        }
        let broker = try #require(fixture.connect() as? any WorkerAsking)
        try await broker.tell(ControlRequest(method: "rest"), to: WorkerChoice(names: ["b@x"]))
        try await broker.tell(ControlRequest(method: "work"), to: WorkerChoice(names: ["a@x"]))
        _ = try await broker.ask([ControlRequest(method: "ping")], of: WorkerChoice(names: ["a@x"]), within: .seconds(30))
        note.finish()
        var seen: [String] = []
        for await command in commands { seen.append(command) }
        #expect(seen == ["work", "ping"])
        await worker.close()
        withExtendedLifetime(fixture) {}
    }

    @Test(arguments: TestedBroker.with(.switching)) func `takes from another queue when it is told, and no more when it is told`(_ driver: TestedBroker) async throws {
        let fixture = try driver.fixture.init()
        let broker = try fixture.connect()
        let consumer = try await worker("a@x", on: fixture.connect())
        let switching = try #require(consumer as? any QueueSwitching)
        // As RabbitMQ is told to declare all queues here.
        let other = QueueDefinition("other", maxPriority: 10)
        try await broker.publish([Message("early", queue: "other")])
        #expect(try await consumer.take(5).isEmpty)
        try await switching.add(other)
        try await switching.add(other)
        func next() async throws -> [Delivery] {
            try await promptly("a message", within: .seconds(30)) {
                while true {
                    let deliveries = try await consumer.take(5)
                    if !deliveries.isEmpty { return deliveries }
                    try await consumer.waitForWork(until: .now + .seconds(1))
                }
            }
        }
        var deliveries = try await next()
        #expect(deliveries.map(\.message.task) == ["early"] && deliveries.map(\.message.route.queue) == ["other"])
        try await switching.remove("other")
        // What it has, it still ends.
        #expect(try await consumer.settle(deliveries.outcomes) == [true])
        try await broker.publish([Message("late", queue: "other"), Message("own")])
        deliveries = try await next()
        #expect(deliveries.names == ["own"])
        _ = try await consumer.settle(deliveries.outcomes)
        if let knowing = consumer as? any WaitingKnowing { #expect(try await knowing.waiting(upTo: 9, within: [:]) == 0) }
        try await switching.add(other)
        #expect(try await next().names == ["late"])
        await consumer.close()
        withExtendedLifetime(fixture) {}
    }

    @Test func `in a file, an old request is nobody's business, and nothing stays there`() async throws {
        let fixture = SQLiteBrokerFixture()
        let broker = try fixture.open()
        let consumer = try await worker("a@x", on: fixture.connect())
        #expect(try await broker.ask([ControlRequest(method: "old")], of: .all, within: .milliseconds(50)).silent == ["a@x"])
        fixture.clock.advance(by: .seconds(1))
        let (seen, note) = AsyncStream.makeStream(of: String.self)
        (consumer as? any RemoteControllable)?.answerControl { request in
            note.yield(request.method)
            return true
        }
        for number in 0..<20 {
            let answers = try await broker.ask([ControlRequest(method: "\(number)")], of: .all, within: .seconds(30))
            #expect(answers.answers == [[.init(worker: "a@x", value: true)]])
            fixture.clock.advance(by: .seconds(31))
            // A sign of life.
            _ = try await (consumer as? any LeaseHolding)?.renewLease()
        }
        note.finish()
        var methods: [String] = []
        for await method in seen { methods.append(method) }
        #expect(methods == (0..<20).map(String.init))
        let (requests, replies) = try await broker.file.read { db in
            (try Int.fetchOne(db, sql: "SELECT count(*) FROM control_request"), try Int.fetchOne(db, sql: "SELECT count(*) FROM control_reply"))
        }
        #expect(requests == 1 && replies == 0)
        await consumer.close()
    }

    @Test func `a lost connection changes nothing about the queues that came and went`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker { $0.queueDefinitions["quorum"] = QueueDefinition("quorum", type: .quorum) }
        let consumer = try await broker.worker(of: ["celery", "old"])
        try await consumer.add(QueueDefinition("new"))
        try await consumer.remove("old")
        // A queue of another kind, which needs another way of counting.
        try await consumer.add(QueueDefinition("quorum", type: .quorum))
        try await aside { try place.server.ask("close_all_connections", "--vhost", place.vhost, "for a test") }
        _ = try await consumer.notice(containing: "consuming")
        try await broker.publish([Message("1"), Message("2", queue: "new"), Message("3", queue: "quorum"), Message("4", queue: "old")])
        #expect(Set(try await consumer.gather(3, isSettled: true).names) == ["1", "2", "3"])
        #expect(try await consumer.take(5).isEmpty)
        // The server has it as another kind, and says so; the subscription goes on.
        await #expect(throws: DriverError.self) { try await consumer.add(QueueDefinition("old", type: .quorum)) }
        try await consumer.add(QueueDefinition("old"))
        #expect(try await consumer.gather(1, isSettled: true).names == ["4"])
        await consumer.close()
        await broker.close()
    }

    @Test(arguments: TestedBroker.with(.demand)) func `counts what waits for more hands, and tells what waits for its time`(_ driver: TestedBroker) async throws {
        let fixture = try driver.fixture.init()
        let broker = try fixture.connect()
        let consumer = try await worker("a@x", on: fixture.connect())
        try await broker.publish([Message("later", eta: fixture.clock.now + .seconds(50)), Message("elsewhere", queue: "b")] + (1...6).map { Message("\($0)") })
        let deliveries = try await promptly("messages", within: .seconds(30)) {
            var all: [Delivery] = []
            while all.count < 2 {
                all += try await consumer.take(2 - all.count)
                try await consumer.waitForWork(until: .now + .milliseconds(100))
            }
            return all
        }
        (consumer as? any DeliveryPushing)?.haveNoRoom()
        let knowing = try #require(consumer as? any WaitingKnowing)
        #expect(try await eventually { try await knowing.waiting(upTo: 99, within: [:]) == 4 })
        #expect(try await knowing.waiting(upTo: 3, within: [:]) == 3)
        // What is paused is no work for anybody.
        let pausing = try #require(broker as? any QueuePausing)
        try await pausing.pause("celery", QueuePause(since: .now, until: nil, reason: nil, by: "test"))
        #expect(try await eventually { try await knowing.waiting(upTo: 99, within: [:]) == 0 })
        #expect(try await pausing.resume("celery"))
        // What was pushed ahead of its time comes again, and is not known for that until it is looked at.
        #expect(try await eventually { try await knowing.waiting(upTo: 99, within: [:]) >= 4 })
        let schedule = try #require(consumer as? any ScheduleKnowing)
        #expect(try await eventually {
            // Where messages are pushed it must be looked at first.
            _ = try await consumer.take(1)
            return try await schedule.scheduled(upTo: 9).map(\.task) == ["later"]
        })
        #expect(try await schedule.scheduled(upTo: 0).isEmpty)
        _ = deliveries
        await consumer.close()
        withExtendedLifetime(fixture) {}
    }
}

extension TestedBroker {
    /// Whether it knows who lives.
    fileprivate var knowsWorkers: Bool { self == .memory || fixture.powers.contains(.workers) }
}

extension Sequence where Element: Sendable {
    /// One after the other.
    fileprivate func asyncMap<Value>(_ make: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await make(element)) }
        return values
    }
}
