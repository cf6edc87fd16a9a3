import CeleryCore
import Fixtures
import Synchronization
import Tasks
import Testing
import Wire

@testable import Worker

/// What a worker tells monitors.
@Suite(.timeLimit(.minutes(5))) struct WorkerEventTests {
    private func start(_ bench: Bench, ofTasks: Bool = true) async throws -> RunningWorker {
        try await bench.start { $0.events = WorkerEvents(ofTasks: ofTasks, version: "9.9") }
    }

    /// All events so far.
    private func events(_ bench: Bench) async throws -> [Event] {
        let following = try #require(bench.broker as? any EventFollowing)
        return try await following.events(from: .oldest).next(until: .now).events.map(\.event)
    }

    /// The types of the events of a task, once the last has come.
    private func types(_ id: TaskID, until last: String, _ bench: Bench) async throws -> [String] {
        let reading = try #require(bench.broker as? any EventReading)
        _ = try await eventually { try await reading.events(of: [id]).last?.event.type == last }
        return try await reading.events(of: [id]).map(\.event.type)
    }

    @Test(arguments: Backing.allCases)
    func `tells what becomes of tasks, in order`(_ backing: Backing) async throws {
        var bench = try Bench(backing)
        try bench.addProgram("good", TaskOptions(), "echo '[\"done\"]'")
        try bench.addProgram("bad", TaskOptions(), "echo why >&2; exit 3")
        var patient = TaskOptions()
        (patient.maxRetries, patient.retryDelay) = (1, .milliseconds(1))
        try bench.addProgram("again", patient, "exit 75")
        let worker = try await start(bench)
        let good = try await bench.send("good", 1, "two", kwargs: ["k": nil])
        let bad = try await bench.send("bad")
        let again = try await bench.send("again")
        let unknown = try await bench.send("nobody.knows")
        #expect(try await types(good, until: "task-succeeded", bench) == ["task-received", "task-started", "task-succeeded"])
        #expect(try await types(bad, until: "task-failed", bench) == ["task-received", "task-started", "task-failed"])
        #expect(
            try await types(again, until: "task-failed", bench)
                == ["task-received", "task-started", "task-retried", "task-received", "task-started", "task-failed"])
        #expect(try await types(unknown, until: "task-failed", bench) == ["task-received", "task-failed"])
        try await worker.stop()

        let all = try await events(bench)
        func details(_ id: TaskID, _ type: String) -> JSONObject { all.last { $0.taskID == id && $0.type == type }?.details ?? [:] }
        #expect(details(good, "task-received")["name"] == "good")
        #expect(details(good, "task-received")["args"] == "(1, 'two')")
        #expect(details(good, "task-received")["kwargs"] == "{'k': None}")
        #expect(details(good, "task-succeeded")["result"] == "['done']")
        #expect(0.0001...10 ~= details(good, "task-succeeded")["runtime"]?.doubleValue ?? 0)
        #expect(details(bad, "task-failed")["exception"] == "CalledProcessError(3, 'bad')")
        #expect(details(bad, "task-failed")["traceback"]?.stringValue?.contains("why") ?? false)
        #expect(details(again, "task-received")["retries"] == 1)
        #expect(details(unknown, "task-failed")["exception"] == "NotRegistered('nobody.knows')")
        #expect(all.first?.type == "worker-online" && all.last?.type == "worker-offline")
        #expect(all.allSatisfy { $0.hostname == "celery@test" && $0.pid > 0 })
        // Each later than the one before.
        #expect(all.map(\.clock) == all.map(\.clock).sorted() && Set(all.map(\.clock)).count == all.count)
        let offline = all.last?.details ?? [:]
        #expect(offline["active"] == 0 && offline["processed"] == 4 && offline["freq"] == 2.0)
        #expect(offline["loadavg"]?.arrayValue?.count == 3)
        #expect(offline["sw_ident"] == "celery-swift" && offline["sw_ver"] == "9.9" && offline["sw_sys"] == "Linux")
    }

    @Test func `tells that it lives every two seconds, and nothing of tasks unless asked`() async throws {
        var bench = try Bench()
        try bench.addProgram("good", TaskOptions(), "true")
        let worker = try await start(bench, ofTasks: false)
        let silent = try await bench.send("good")
        _ = try await bench.result(of: silent)
        #expect(try await eventually { try await events(bench).contains { $0.type == "worker-heartbeat" } })
        func answer(_ method: String) async -> JSON? { await worker.worker.answer(ControlRequest(method: method)) }
        #expect(await answer("disable_events") == ["ok": "task events already disabled"])
        #expect(await answer("enable_events") == ["ok": "task events enabled"])
        #expect(await answer("enable_events") == ["ok": "task events already enabled"])
        let told = try await bench.send("good")
        #expect(try await types(told, until: "task-succeeded", bench).count == 3)
        #expect(await answer("disable_events") == ["ok": "task events disabled"])
        #expect(await answer("heartbeat") == .null)
        #expect(try await eventually { try await events(bench).contains { $0.details["freq"] == 5.0 && $0.details["active"] == nil } })
        try await worker.stop()
        let ids = Set(try await events(bench).compactMap(\.taskID))
        #expect(ids == [told])
    }

    @Test func `a task whose child dies is given back, and one that expired is revoked`() async throws {
        var bench = try Bench()
        try bench.addProgram("dies", TaskOptions(), "test -e died && exit 0; touch died; kill -9 $PPID; sleep 10")
        let worker = try await start(bench)
        let id = try await bench.send("dies")
        #expect(
            try await types(id, until: "task-succeeded", bench)
                == ["task-received", "task-started", "task-rejected", "task-received", "task-started", "task-succeeded"])
        var late = bench.message("dies")
        late.expires = Timestamp(seconds: 5)
        try await bench.broker.publish([late])
        #expect(try await types(late.id, until: "task-revoked", bench) == ["task-received", "task-revoked"])
        let revoked = try await events(bench).last { $0.type == "task-revoked" }
        #expect(revoked?.details == ["uuid": .string(late.id.text), "terminated": false, "signum": nil, "expired": true])
        try await worker.stop()
    }

    @Test func `works on when monitors cannot be told, and says so once`() async throws {
        var bench = try Bench()
        let deaf = DeafBroker(base: bench.broker)
        bench.broker = deaf
        try bench.addProgram("good", TaskOptions(), "true")
        let worker = try await start(bench)
        for _ in 0..<5 {
            let id = try await bench.send("good")
            #expect(try await bench.result(of: id).state == .success)
        }
        #expect(try await worker.log.eventuallyContains("cannot send events: nobody listens"))
        deaf.isDeaf.withLock { $0 = false }
        #expect(try await worker.log.eventuallyContains("events are being sent again; "))
        #expect(worker.log.lines.count { $0.contains("cannot send events") } == 1)
        try await worker.stop()
    }

    @Test func `stops in time when telling monitors hangs`() async throws {
        var bench = try Bench()
        bench.broker = HangingBroker(base: bench.broker)
        try bench.addProgram("good", TaskOptions(), "true")
        let worker = try await start(bench)
        let id = try await bench.send("good")
        #expect(try await bench.result(of: id).state == .success)
        // The hanging call ends in an hour: that the worker stops at all shows that it does not wait for it.
        try await worker.stop()
        #expect(worker.log.contains("unsent event"))
    }

    @Test func `too many that wait give way, the oldest first, and are counted`() {
        var buffer = EventBuffer()
        for number in 0..<(EventBuffer.countLimit + 10) {
            buffer.add(EventBuffer.Entry(content: .other(type: "\(number)", details: [:]), time: .now))
        }
        #expect(buffer.entries.count == EventBuffer.countLimit && buffer.takeDropped() == 10 && buffer.takeDropped() == 0)
        guard case .other(let type, _) = buffer.take(1)[0].content else { return #expect(Bool(false)) }
        #expect(type == "10")
        // Two large ones are too much.
        for _ in 0..<2 { buffer.add(EventBuffer.Entry(content: .other(type: "x", details: [:]), time: .now, weight: EventBuffer.byteLimit - 1)) }
        #expect(buffer.entries.count == 1)
    }
}

/// A broker whose monitors cannot be reached.
private final class DeafBroker: EventSending {
    let base: any Broker
    let isDeaf = Mutex(true)
    var location: String { base.location }

    init(base: any Broker) { self.base = base }

    func publish(_ messages: [Message]) async throws { try await base.publish(messages) }
    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        try await base.consumer(of: queues, as: worker)
    }
    func close() async { await base.close() }
    func send(_ events: [Event]) throws {
        if isDeaf.withLock({ $0 }) { throw DriverError(.unreachable, "nobody listens") }
    }
    func keepEvents() throws {}
}

/// A broker that never comes back from sending events.
private struct HangingBroker: EventSending {
    let base: any Broker
    var location: String { base.location }

    func publish(_ messages: [Message]) async throws { try await base.publish(messages) }
    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        try await base.consumer(of: queues, as: worker)
    }
    func close() async { await base.close() }
    func send(_ events: [Event]) async throws {
        // As if in a call that nothing ends.
        while true { await Bell().wait(since: 0, until: nil); await Task { try? await Task.sleep(for: .seconds(3_600)) }.value }
    }
    func keepEvents() {}
}
