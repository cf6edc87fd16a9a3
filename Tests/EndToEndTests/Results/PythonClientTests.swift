import CeleryCore
import Fixtures
import Foundation
import Testing

/// Python's clients that wait for answers (`rpc://`), and a worker with the result store that it has by default.
@Suite(.blocking) struct PythonClientTests {
    /// The Python example of the README.
    private func example() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let block = try #require(readme.split(separator: "```python\n").dropFirst().first)
        let end = try #require(block.range(of: "```"))
        return String(block[..<end.lowerBound])
    }

    /// Runs a script of Python's Celery, with the place for the broker of the README.
    private func run(_ script: String, _ version: String = "5.7", at place: RabbitMQPlace) throws -> Ended {
        let python = try PythonCelery(version: version).path()
        return try place.project.run("exec \(python) -", input: script.replacing("amqp://u:p@host/v", with: place.url))
    }

    @Test(arguments: PythonCelery.versions)
    func `the Python example of the README prints what it says`(_ python: PythonCelery) throws {
        let place = try RabbitMQPlace()
        try place.project.startWorker("-c1", with: place.variables())
        let ended = try run(example(), python.version, at: place)
        #expect(ended.status == 0 && ended.output == "5\n", "\(ended)")
        try place.project.stopWorker()
    }

    /// A client that waits for a result of each kind.
    private static let kinds = """
        from celery import Celery
        from celery.exceptions import TimeoutError

        app = Celery(broker="amqp://u:p@host/v", backend="rpc://")
        failed = app.send_task("demo.tasks.fail", ("no",))
        again = app.send_task("demo.tasks.again")
        unknown = app.send_task("demo.tasks.nosuch")
        ignored = app.send_task("demo.tasks.add", (1,), ignore_result=True)
        try:
            failed.get(timeout=60)
        except Exception as error:
            print(type(error).__name__, failed.state)
        print(again.get(timeout=60))
        try:
            unknown.get(timeout=60)
        except Exception as error:
            print(type(error).__name__)
        # What is left in its queue.
        print(app.send_task("demo.tasks.add", (2,)).get(timeout=60), ignored.state, ignored.id)
        """

    @Test func `failures, retries and unknown tasks are answered, and stored as well; what is ignored is neither`() throws {
        let place = try RabbitMQPlace()
        try place.project.task("fail.sh", "#!/bin/sh\nexit 3\n")
        try place.project.task("again.sh", "#!/bin/sh\n# celery: retry_delay=0.1\n[ -e second ] && exec echo again\ntouch second\nexit 75\n")
        try place.project.startWorker("-c1", with: place.variables())
        let ended = try run(Self.kinds, at: place)
        let lines = ended.lines
        try #require(lines.count == 4, "\(ended)")
        #expect(lines[0] == "CalledProcessError FAILURE" && lines[1] == "again" && lines[2] == "NotRegistered", "\(ended)")
        let last = lines[3].split(separator: " ")
        try #require(last.count == 3)
        #expect(last.prefix(2) == ["2", "PENDING"])
        #expect(try place.run("celery status \(last[2])").output.contains("PENDING"))
        try place.project.stopWorker()
    }

    @Test func `nobody is answered where the settings say so`() throws {
        let place = try RabbitMQPlace()
        try place.project.startWorker("-c1", with: place.variables().merging(["CELERY_RESULT_REPLIES": "0"]) { $1 })
        let sending = """
            from celery import Celery
            app = Celery(broker="amqp://u:p@host/v", backend="rpc://")
            with app.connection_for_write() as connection:
                result = app.send_task("demo.tasks.add", (2, 3))
                print(result.id, flush=True)
                # The next is answered by nobody either, and comes after it.
                import subprocess
                subprocess.run(["celery", "status", "--wait", result.id], check=True)
                print(result.state)
            """
        let python = try PythonCelery(version: "5.7").path()
        let ended = try place.run("exec \(python) - <<'END'\n\(sending.replacing("amqp://u:p@host/v", with: place.url))\nEND\n")
        #expect(ended.status == 0 && ended.lines.last == "PENDING", "\(ended)")
        #expect(ended.lines.dropFirst().first?.hasSuffix("\tSUCCESS") == true, "\(ended)")
        try place.project.stopWorker()
    }

    @Test func `an answer that was lost with a killed worker is sent when its message comes again, and the task does not run again`() throws {
        // One's own: an alarm is for all of a server.
        let place = try RabbitMQPlace(RabbitMQServer.start(options: ["--management"]))
        let project = place.project
        try project.task("once.sh", "#!/bin/sh\necho x >>runs\nuntil [ -e go ]; do sleep 0.02; done\necho done\n")
        try project.startWorker("-c1 -n w@h", with: place.variables())
        let script = """
            from celery import Celery
            app = Celery(broker="\(place.url)", backend="rpc://")
            result = app.send_task("demo.tasks.once")
            print(result.id, flush=True)
            print(result.get(timeout=300), flush=True)
            """
        let client = try project.start("exec \(try PythonCelery(version: "5.7").path()) -c '\(script)'")
        #expect(eventually { project.read("runs") == "x\n" && client.printed.count >= 37 }, "\(client.said)")
        // The server accepts nothing now, so the answer cannot leave.
        try place.server.ask("set_vm_memory_high_watermark", "0.000001")
        #expect(try eventually { try place.server.ask("eval", "rabbit_alarm:get_alarms().").contains("memory") })
        // The server tells its connections a moment later: a message that it no longer takes proves that it has.
        #expect(try place.run("celery apply demo.tasks.add 1", with: ["CELERY_PUBLISH_TIMEOUT": "2"]).status == 75)
        try project.write("", to: "go")
        #expect(try eventually { try project.run("sqlite3 celery.db 'SELECT state FROM result'").output == "SUCCESS\n" })
        #expect(!client.printed.contains("done"))
        try project.signalWorker(9)
        try place.server.ask("set_vm_memory_high_watermark", "0.4")
        try project.startWorker("-c1 -n w@h", with: place.variables())
        #expect(try client.wait(within: .seconds(120)).lines.last == "done")
        // The server may have found answer and acknowledgement in the buffers of the lost connection; if not, the message came again.
        #expect(project.read("runs") == "x\n")
        try project.stopWorker()
    }

    @Test func `both kinds of worker work on separate queues`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.write("from celery import Celery\napp = Celery('proj', broker='\(place.url)', backend='rpc://')\n@app.task(name='proj.tasks.add')\ndef add(x, y): return x + y\n", to: "proj.py")
        let python = try PythonCelery(version: "5.7").path()
        let worker = try project.start("exec \(python) -m celery -A proj worker -c 1 -l INFO")
        // As the README says it.
        try project.startWorker("-c1 -Q shell -n shell@%h", with: place.variables())
        #expect(eventually { worker.said.contains(" ready.") || worker.printed.contains(" ready.") }, "\(worker.said)")
        let asking = """
            from celery import Celery
            app = Celery(broker="amqp://u:p@host/v", backend="rpc://")
            print([app.send_task("demo.tasks.add", (n, 3), queue="shell").get(timeout=60) for n in range(5)])
            print([app.send_task("proj.tasks.add", (n, 3)).get(timeout=60) for n in range(5)])
            """
        #expect(try run(asking, at: place).output == "[3, 4, 5, 6, 7]\n[3, 4, 5, 6, 7]\n")
        let back = try place.run("celery --result-backend rpc:// apply proj.tasks.add 2 3 --wait --timeout 60")
        #expect(back.output == "5\n" && back.status == 0, "\(back)")
        worker.signal(15)
        _ = try worker.wait()
        try project.stopWorker()
    }
}
