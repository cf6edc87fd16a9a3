import Brokers
import CeleryCore
import CeleryDB
import CeleryZMQ
import Fixtures
import Foundation
import ResultStores
import ServedBroker
import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(2))) struct ZMQBrokerTests {
    private let file: SQLiteBrokerFixture
    private let broker: SQLiteBroker
    private let place: ServedBroker

    init() throws {
        file = SQLiteBrokerFixture()
        broker = try file.open()
        place = try ServedBroker(broker: broker, store: SQLiteResultStore(file: broker.file, expires: nil))
    }

    private func worker(_ role: String = "work", id: String = TaskID().text) async throws -> any BrokerConsumer {
        try await place.broker(role).consumer(of: ["celery"], as: WorkerIdentity(id: id, name: "w@\(role)", pid: 1, process: ""))
    }

    private func code(_ body: () async throws -> Void) async -> DriverError.Code? {
        do { try await body() } catch { return (error as? DriverError)?.code }
        return nil
    }

    // MARK: Who may do what

    @Test func `an unknown key is refused, and told so`() async throws {
        let broker = try place.broker("stranger")
        let error = await #expect(throws: DriverError.self) { try await broker.publish([Message("a")]) }
        #expect(error?.code == .noPermission)
        #expect(error?.message.contains("does not know the key") == true)
    }

    @Test func `a server with another key is not trusted`() async throws {
        let other = try CurveKeyPair()
        let url = place.url.replacingOccurrences(of: place.serverKeys.publicKey.text, with: other.publicKey.text)
        let broker = try ZMQBroker(place.options("work", url: url), name: "celery@test")
        #expect(await code { try await broker.publish([Message("a")]) } == .unreachable)
    }

    @Test func `who submits may not work, and who works may not command`() async throws {
        let submitter = try place.broker("submit")
        try await submitter.publish([Message("a")])
        #expect(await code { _ = try await worker("submit") } == .noPermission)
        #expect(await code { _ = try await submitter.purge(nil) } == .noPermission)
        let runner = try place.broker("work")
        #expect(await code { _ = try await runner.purge(nil) } == .noPermission)
        #expect(await code { try await runner.tell(ControlRequest(method: "shutdown"), to: .all) } == .noPermission)
        #expect(await code { try await runner.pause("celery", QueuePause(since: .now)) } == .noPermission)
        #expect(try await runner.ask([ControlRequest(method: "ping")], of: .all, within: .zero).answers == [[]])
        #expect(try await place.broker("admin").purge(nil) == ["celery": 1])
    }

    @Test func `who submits may not pretend to be a worker in events`() async throws {
        let submitter = try place.broker("submit")
        let event = { Event($0, from: "gen@h", pid: 1, clock: 1, at: .now) }
        try await submitter.send([event("task-sent")])
        #expect(await code { try await submitter.send([event("task-succeeded")]) } == .noPermission)
    }

    @Test func `a key that is taken off the list loses its rights while it is connected`() async throws {
        let submitter = try place.broker("submit")
        try await submitter.publish([Message("a")])
        try place.allow("")
        #expect(try await eventually { await code { try await submitter.probe() } == .noPermission })
    }

    @Test func `plain connections work, and neither control nor purge`() async throws {
        let plain = try ServedBroker(broker: broker, store: SQLiteResultStore(file: broker.file, expires: nil), isPlain: true)
        let client = try plain.broker()
        try await client.publish([Message("a")])
        let consumer = try await client.consumer(of: ["celery"], as: WorkerIdentity(id: "w", name: "w", pid: 1, process: ""))
        #expect(try await consumer.take(1).names == ["a"])
        #expect(await code { _ = try await client.purge(nil) } == .noPermission)
        #expect(await code { try await client.tell(ControlRequest(method: "shutdown"), to: .all) } == .noPermission)
    }

    @Test func `another client cannot take over a worker's subscription`() async throws {
        _ = try await worker(id: "w1")
        #expect(await code { _ = try await worker("admin", id: "w1") } == .noPermission)
    }

    // MARK: Attacks

    @Test func `bytes that are no request do not disturb others`() async throws {
        let context = try ZMQContext()
        let options = try place.options("submit")
        let socket = try context.open(.dealer)
        try socket.encrypt(with: try #require(try CurveKeyFile.read(options.keyFile)), to: try #require(options.serverKey))
        try socket.connect(to: options.address)
        var random = SeededGenerator(seed: 3)
        for _ in 0..<fuzzRounds(300) {
            let parts = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                (0..<Int.random(in: 0...60, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            socket.send(parts)
        }
        for verb in Verbs.all {
            let body = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
            socket.send([Packer.bytes(of: RequestEnvelope(number: 1, verb: verb.name, place: "x", body: body))])
        }
        try await place.broker("submit").publish([Message("a")])
        #expect(try await broker.queues().first?.ready == 1)
    }

    @Test func `a message beyond all bounds is refused by the client, and cut off by the server`() async throws {
        let client = try place.broker("submit")
        var message = Message("large")
        message.body.bytes = Array(repeating: 32, count: WireBounds.messageBytes)
        #expect(await code { try await client.publish([message]) } == .refused)
        let context = try ZMQContext()
        let options = try place.options("submit")
        let socket = try context.open(.dealer)
        try socket.encrypt(with: try #require(try CurveKeyFile.read(options.keyFile)), to: try #require(options.serverKey))
        let monitor = try socket.monitor()
        socket.connectOnce(within: .seconds(4))
        try socket.connect(to: options.address)
        #expect(try await eventually { monitor.event() == .connected })
        socket.send([Array(repeating: 0, count: WireBounds.messageBytes + 1_000)])
        #expect(try await eventually { monitor.event() == .ended })
        try await client.publish([Message("a")])
    }

    // MARK: Ends of connections and servers

    @Test func `a restarted server goes on with the subscriptions of the workers`() async throws {
        let client = try place.broker()
        try await client.publish([Message("a"), Message("b")])
        let consumer = try await worker(id: "w1")
        let taken = try await consumer.take(1)
        try await place.restart()
        let settled = try await consumer.settle(taken.outcomes)
        #expect(settled == [true])
        #expect(try await consumer.take(5).names == ["b"])
    }

    @Test func `what was on its way to a worker when the server ended is delivered again, as never tried`() async throws {
        let client = try place.broker()
        try await client.publish([Message("a"), Message("b")])
        let identity = WorkerIdentity(id: "w1", name: "w", pid: 1, process: "")
        // As if the server had taken both for the worker, and one answer had not arrived.
        let local = try await broker.consumer(of: ["celery"], as: identity)
        let taken = try await local.take(2)
        try #require(taken.count == 2)
        let resumed = try await broker.resume(holding: [taken[0].handle], of: ["celery"], as: identity)
        let again = try await resumed.take(2)
        #expect(again.names == ["b"] && again.attempts == [1])
        #expect(try await resumed.settle(taken.prefix(1).map { Outcome(handle: $0.handle, results: []) }) == [true])
    }

    @Test func `what a worker could not hand back while the server was away returns to its queue`() async throws {
        let consumer = try await worker()
        try await place.broker().publish([Message("a")])
        try await consumer.waitForWork(until: nil)
        let pushing = try #require(consumer as? any DeliveryPushing)
        await place.stop()
        await pushing.endPushing()
        try await place.start()
        #expect(try await consumer.take(1).names == ["a"])
    }

    @Test func `a waiting worker gets what is published after the server was restarted`() async throws {
        let consumer = try await worker()
        #expect(try await consumer.take(1).isEmpty)
        let waiting = Task { try await consumer.waitForWork(until: .now + .seconds(30)) }
        try await place.restart()
        try await place.broker().publish([Message("a")])
        try await promptly("the end of the wait") { try await waiting.value }
        #expect(try await consumer.take(1).names == ["a"])
    }

    @Test func `a waiting client hears of the result over a restart`() async throws {
        let store = try place.store()
        let mark = await store.mark()
        try await store.waitForChange(since: mark, until: .now + .milliseconds(100))
        try await place.restart()
        let waiting = Task { [store] in
            while try await store.results(for: [TaskID("a")]).isEmpty {
                try await store.waitForChange(since: await store.mark(), until: .now + .seconds(1))
            }
        }
        try await place.store("work").store([TaskResult(id: TaskID("a"), state: .success)])
        try await promptly("the result") { try await waiting.value }
    }

    @Test func `a publication whose answer is lost is told as unconfirmed`() async throws {
        let client = try place.broker()
        try await client.probe()
        let message = Message("a")
        async let code = code { try await client.publish([message]) }
        try await place.restart()
        // It was accepted before the server ended, or not: an error says that it is unknown.
        let outcome = await code
        let isThere = try await broker.locate([message.id])[message.id] != nil
        if outcome == nil { #expect(isThere) } else { #expect(outcome == .tryAgain) }
    }

    @Test func `messages that arrived and find no room go back, as never tried`() async throws {
        let consumer = try await worker()
        _ = try await consumer.take(5)
        try await place.broker().publish([Message("a")])
        try await consumer.waitForWork(until: .now + .seconds(10))
        (consumer as? any DeliveryPushing)?.haveNoRoom()
        let other = try await worker()
        #expect(try await eventually { try await other.take(1).attempts == [1] })
    }
}

/// Requests and answers that do not fit into one message.
@Suite(.timeLimit(.minutes(10))) struct ZMQSizeTests {
    @Test func `many large messages and results pass in parts`() async throws {
        let broker = try SQLiteBrokerFixture().open()
        let place = try ServedBroker(broker: broker, store: SQLiteResultStore(file: broker.file, expires: nil))
        let client = try place.broker("work")
        let store = try place.store("work")
        let messages = (0..<4).map { number in
            var message = Message("large \(number)")
            message.body.bytes = Array(repeating: 32, count: 17 << 20)
            return message
        }
        try await client.publish(messages)
        let consumer = try await client.consumer(of: ["celery"], as: WorkerIdentity(id: "w", name: "w", pid: 1, process: ""))
        var taken: [Delivery] = []
        while taken.count < 4 { taken += try await promptly("more messages", within: .seconds(120)) { try await consumer.take(4) } }
        #expect(taken.map(\.message.task).sorted() == messages.map(\.task))
        let text = String(repeating: "x", count: 17 << 20)
        let outcomes = taken.map { Outcome(handle: $0.handle, results: [TaskResult(id: $0.message.id, state: .success, value: .string(text))]) }
        let counted = try await (consumer as? any AtomicSettling)?.settleAtomically(outcomes)
        #expect(counted == Array(repeating: true, count: 4))
        #expect(try await store.results(for: messages.map(\.id)).count == 4)
        await consumer.close()
        await client.close()
    }
}
