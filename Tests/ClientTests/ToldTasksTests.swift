import Brokers
import CeleryCore
import Testing

@testable import Client

/// What stored events tell of tasks that have ended.
struct ToldTasksTests {
    private func event(_ type: String, _ id: String = "i", at time: Double = 10, _ details: JSONObject = [:]) -> Event {
        var all: JSONObject = ["uuid": .string(id)]
        for (key, value) in details.members { all[key] = value }
        return Event("task-\(type)", from: "w@h", pid: 1, clock: 1, at: Timestamp(seconds: time), details: all)
    }

    private func told(_ events: Event...) -> [ListedTask] {
        var told = ToldTasks()
        for event in events { told.add(event) }
        return told.tasks
    }

    @Test func `a task that succeeded has its name, queue, worker and times`() throws {
        let task = try #require(
            told(
                event("sent", at: 1, ["name": "t", "queue": "q"]), event("received", at: 2, ["name": "t"]), event("started", at: 3),
                event("succeeded", at: 5, ["result": "5", "runtime": 2])
            ).first)
        #expect(task.phase == .success && task.task == "t" && task.queue == "q" && task.changed == Timestamp(seconds: 5))
        #expect(task.submitted == Timestamp(seconds: 1) && task.result?.dateStarted == Timestamp(seconds: 3))
        #expect(task.result?.worker == "w@h" && task.result?.dateDone == Timestamp(seconds: 5))
    }

    @Test func `a failure has its exception, and a lone event is enough`() throws {
        let task = try #require(told(event("failed", at: 10, ["exception": "ValueError('bad')", "traceback": ""])).first)
        #expect(task.phase == .failure && task.result?.failure?.type == "ValueError('bad')" && task.fails(with: "bad") && !task.fails(with: "x"))
        #expect(try #require(told(event("succeeded", at: 10, ["runtime": 4])).first).result?.dateStarted == Timestamp(seconds: 6))
        #expect(told(event("revoked", at: 10, ["expired": true])).map(\.phase) == [.revoked])
    }

    @Test func `what waits, runs, or comes again has not ended`() {
        #expect(told(event("sent"), event("received"), event("started")).isEmpty)
        #expect(told(event("failed"), event("received")).isEmpty)
        #expect(told(event("started"), event("retried")).isEmpty)
        #expect(told(event("started"), event("retried"), event("started"), event("succeeded"), event("sent", "j")).map(\.id.text) == ["i"])
    }

    @Test func `other events tell nothing`() {
        var worker = event("x")
        worker.type = "worker-heartbeat"
        #expect(told(worker, event("my-own"), Event("task-failed", from: "w", pid: 1, clock: 1, at: Timestamp(seconds: 1))).isEmpty)
    }

    @Test func `reads the stored events of a broker to their end`() async throws {
        let broker = MemoryBroker()
        await broker.keepEvents()
        await broker.send([event("received", at: 90, ["name": "t"]), event("succeeded", at: 91), event("succeeded", "old", at: 1)])
        let tasks = await ToldTasks.tasks(of: broker, since: Timestamp(seconds: 50), now: Timestamp(seconds: 100))
        #expect(tasks.map(\.id.text).contains("i") && tasks.first { $0.id.text == "i" }?.task == "t")
    }
}
