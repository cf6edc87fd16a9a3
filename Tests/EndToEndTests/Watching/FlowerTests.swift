import CeleryCore
import Fixtures
import Testing

/// Flower, the web monitor of Python's Celery, beside our worker.
@Suite(.blocking) struct FlowerTests {
    /// An answer of its API.
    private func get(_ path: String, _ port: Int, _ project: Project) throws -> JSON? {
        let ended = try project.run("curl -sf --max-time 10 'http://127.0.0.1:\(port)/api/\(path)'")
        return ended.status == 0 ? try? JSON(parsing: ended.output) : nil
    }

    /// A port that nobody has at this moment.
    private func freePort(_ project: Project) throws -> Int {
        try #require(Int(try project.run("python3 '\(PythonCelery.repository)/Tests/Servers/free_port.py'").text))
    }

    @Test func `shows our worker, and its tasks with state, arguments, result and runtime`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.task("fail.sh", "#!/bin/sh\necho why >&2\nexit 3\n")
        let python = try PythonCelery(version: "5.7").path(with: ["flower"])
        let port = try freePort(project)
        let flower = try project.start(
            "exec \(python) -m celery -b '\(place.url)' flower --address=127.0.0.1 --port=\(port)",
            with: ["FLOWER_UNAUTHENTICATED_API": "true"])
        #expect(try eventually { try get("tasks", port, project) != nil }, "\(flower.said)")
        try project.startWorker("-E -n w@h", with: place.variables())
        let good = try place.run("celery apply demo.tasks.add 2 3").text
        let bad = try place.run("celery apply demo.tasks.fail").text

        func info(_ id: String) throws -> JSON? { try get("task/info/\(id)", port, project) }
        #expect(try eventually { try info(good)?["state"] == "SUCCESS" && info(bad)?["state"] == "FAILURE" }, "\(flower.said)")
        let task = try #require(try info(good))
        #expect(task["name"] == "demo.tasks.add" && task["args"] == "(2, 3)" && task["kwargs"] == "{}" && task["result"] == "5")
        #expect(0.00001...20 ~= task["runtime"]?.doubleValue ?? 0)
        #expect(task["worker"] == "w@h")
        let failed = try #require(try info(bad))
        #expect(failed["exception"] == "CalledProcessError(3, 'demo.tasks.fail')")
        #expect(failed["traceback"]?.stringValue?.contains("why") ?? false)
        let all = try #require(try get("tasks", port, project)?.objectValue)
        #expect(Set(all.keys) == [good, bad])

        // What the worker says of itself when it is asked.
        #expect(try eventually { try get("workers?refresh=1", port, project)?["w@h"] != nil }, "\(flower.said)")
        let worker = try #require(try get("workers", port, project)?["w@h"])
        #expect(worker["registered"]?.arrayValue?.contains("demo.tasks.add") ?? false)
        #expect(worker["active_queues"]?.arrayValue?.first?["name"] == "celery")
        #expect(worker["stats"]?["pid"]?.intValue == Int(try project.workerID))
        // Again, should a heartbeat have come late.
        #expect(try eventually { try get("workers?status=1", port, project) == ["w@h": true] }, "\(flower.said)")
        try project.stopWorker()
        #expect(try eventually { try get("workers?status=1", port, project) == ["w@h": false] }, "\(flower.said)")
        flower.signal(15)
        _ = try flower.wait()
    }
}
