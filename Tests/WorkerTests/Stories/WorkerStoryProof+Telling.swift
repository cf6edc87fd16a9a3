import CeleryCore
import Fixtures
import Glibc
import Tasks
import Testing
@testable import Worker

// Being told, keeping limits.
extension WorkerStoryProof {
    private func revoke(_ bench: Bench, _ id: TaskID, terminate: Bool = false) async throws {
        let now = Timestamp.now
        let revoking = try #require(bench.broker as? any CeleryCore.Revoking)
        let revocation = Revocation(.id(id), isTerminating: terminate, signal: "TERM", issued: now, until: now + .seconds(600))
        let store = bench.store
        _ = try await revoking.revoke(
            [revocation], ending: { RevokedTask.outcome(of: $0, attempt: $1, by: "test", now: now) }
        ) { removed in
            if !revoking.endsInto(store) { try await store.store(removed.flatMap(\.outcome.results)) }
        }
    }

    private func ask(_ bench: Bench, _ method: String, _ arguments: JSONObject = [:]) async throws -> JSON {
        let asking = try #require(bench.broker as? any WorkerAsking)
        // By its name: a broker that does not know its workers would wait for others.
        let worker = WorkerChoice(names: ["celery@test"])
        let answers = try await asking.ask([ControlRequest(method: method, arguments: arguments)], of: worker, within: .seconds(30))
        return try #require(answers.answers[0].first).value
    }

    func revokedBefore() async throws {
        var bench = stage.bench
        try bench.addProgram("mark", "touch ran")
        let message = bench.message("mark")
        try await revoke(bench, message.id)
        let worker = try await bench.start()
        try await bench.broker.publish([message])
        let result = try await bench.result(of: message.id)
        #expect(result.state == .revoked && result.failure == .revoked("revoked"))
        try await worker.stop()
        #expect(try await stage.isEmpty())
        #expect(!bench.folder.contains("ran"))
    }

    func revokedRunning() async throws {
        var bench = stage.bench
        try bench.addProgram("tree", "setsid sleep 600 & echo $! > pids; sleep 600 & echo $! >> pids; echo $$ >> pids; touch up; wait")
        let worker = try await bench.start()
        let id = try await bench.send("tree")
        let folder = bench.folder
        #expect(try await eventually { folder.contains("up") })
        try await revoke(bench, id, terminate: true)
        #expect(try await bench.result(of: id).failure == .revoked("terminated"))
        let pids = folder.read("pids")?.split(separator: "\n").compactMap { Int32($0) } ?? []
        #expect(pids.count == 3)
        #expect(try await eventually { pids.allSatisfy { kill($0, 0) == -1 } })
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func paused() async throws {
        var bench = stage.bench
        try bench.addGate()
        let pausing = try #require(bench.broker as? any QueuePausing)
        let worker = try await bench.start()
        let running = try await bench.send("wait", "1")
        #expect(try await bench.hasStarted("1"))
        try await pausing.pause("celery", QueuePause(since: .now, reason: "test"))
        #expect(try await worker.log.eventuallyContains("Queue celery is paused: test"))
        let waiting = try await bench.send("wait", "2")
        try bench.openGate()
        #expect(try await bench.result(of: running).value == "waited")
        // It answers, and has not taken the other.
        let asked = bench
        #expect(try await eventually { try await ask(asked, "active").arrayValue?.isEmpty == true })
        #expect(!bench.folder.contains("started.2"))
        _ = try await pausing.resume("celery")
        let result = try await bench.result(of: waiting)
        #expect(result.value == "waited" && result.attempt == 1)
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func otherQueue() async throws {
        var bench = stage.bench
        try bench.addExample("add")
        let worker = try await bench.start()
        #expect(try await ask(bench, "add_consumer", ["queue": "extra"]) == ["ok": "add consumer extra"])
        let example = bench
        func send(_ queue: String = "extra") async throws -> TaskID {
            var message = example.message("example.add", [1, 2])
            message.route.queue = queue
            try await example.broker.publish([message])
            return message.id
        }
        #expect(try await bench.result(of: send()).value == 3)
        #expect(try await ask(bench, "cancel_consumer", ["queue": "extra"]) == ["ok": "no longer consuming from extra"])
        #expect(try await ask(bench, "active_queues").arrayValue?.map { $0["name"] } == ["celery"])
        let left = try await send()
        #expect(try await bench.result(of: send("celery")).value == 3)
        #expect(try await bench.record(of: left) == nil)
        try await worker.stop()
    }

    func answers() async throws {
        var bench = stage.bench
        try bench.addGate()
        let worker = try await bench.start()
        let id = try await bench.send("wait", "1")
        #expect(try await bench.hasStarted("1"))
        #expect(try await ask(bench, "ping") == ["ok": "pong"])
        #expect(try await ask(bench, "active").arrayValue?.map { $0["id"]?.stringValue } == [id.text])
        #expect(try await ask(bench, "registered") == ["wait"])
        try bench.openGate()
        #expect(try await bench.result(of: id).value == "waited")
        #expect(try await ask(bench, "stats")["total"]?["wait"] == 1)
        try await worker.stop()
    }

    // MARK: Limits

    func slots() async throws {
        var bench = stage.bench
        try bench.addGate(TaskOptions(concurrency: 2))
        try bench.addExample("add")
        let worker = try await bench.start(children: 4)
        var ids: [TaskID] = []
        for number in 1...3 { ids.append(try await bench.send("wait", .string("\(number)"))) }
        #expect(try await bench.result(of: bench.send("example.add", 1, 2)).value == 3)
        let folder = bench.folder
        #expect(try await eventually { folder.names.count { $0.hasPrefix("started.") } == 2 })
        // One more that is sent behind it has been looked at by now.
        #expect(try await bench.result(of: bench.send("example.add", 3, 4)).value == 7)
        #expect(folder.names.count { $0.hasPrefix("started.") } == 2)
        try bench.openGate()
        for id in ids { #expect(try await bench.result(of: id).value == "waited") }
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func rate() async throws {
        var bench = stage.bench
        try bench.addExample("add", TaskOptions(rateLimit: RateSetting("5/s")))
        let worker = try await bench.start(children: 2)
        let start = ContinuousClock.now
        var ids: [TaskID] = []
        for number in 1...6 { ids.append(try await bench.send("example.add", .int(Int64(number)), 1)) }
        for id in ids { #expect(try await bench.result(of: id).state == .success) }
        #expect(ContinuousClock.now - start >= .milliseconds(900))
        try await worker.stop()
        #expect(try await stage.isEmpty())
    }

    func limitLeft() async throws {
        var bench = stage.bench
        try bench.addGate(TaskOptions(concurrency: 1))
        let worker = try await bench.start(children: 4)
        let first = try await bench.send("wait", "a")
        #expect(try await bench.hasStarted("a"))
        let second = try await bench.send("wait", "b")
        let broker = bench.broker
        #expect(try await eventually {
            if let reporting = broker as? any LimitReporting { return try await reporting.limitWait(of: second) != nil }
            return await worker.worker.limitWait(of: second) != nil
        })
        await worker.worker.stop(.warm)
        try bench.openGate()
        try await worker.end()
        #expect(try await bench.record(of: first)?.value == "waited")
        let next = try await bench.start(children: 1)
        let result = try await bench.result(of: second)
        #expect(result.value == "waited" && stage.place.attemptsOfUntried.contains(result.attempt))
        try await next.stop()
        #expect(try await stage.isEmpty())
    }
}
