import CeleryCore
import Fixtures
import Testing

/// Python's monitors and our worker, our monitor and Python's worker.
@Suite(.blocking) struct PythonEventsTests {
    private let python = PythonCelery(version: "5.7")

    /// Feeds Python's picture of a cluster until a task is done, and shows it.
    private static let state = """
        import sys
        from celery import Celery
        url, wanted = sys.argv[1], int(sys.argv[2])
        app = Celery(broker=url)
        state = app.events.State()
        done = lambda: sum(task.state in ("SUCCESS", "FAILURE") for task in state.tasks.values()) >= wanted
        with app.connection() as connection:
            def take(event):
                state.event(event)
                if done() and any(worker.processed for worker in state.workers.values()): receiver.should_stop = True
            receiver = app.events.Receiver(connection, handlers={"*": take})
            receiver.on_consume_ready = lambda *args, **kwargs: print("ready", flush=True)
            receiver.capture(limit=None, timeout=40, wakeup=False)
        for worker in state.workers.values():
            print("worker", worker.hostname, worker.alive, worker.sw_ident, worker.freq, worker.processed)
        for task in sorted(state.tasks.values(), key=lambda task: task.name):
            print("task", task.uuid, task.name, task.state, task.args, task.result, task.exception, task.worker.hostname, task.runtime is not None)
        """

    @Test func `Python's State has our worker alive and our tasks right`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.task("fail.sh", "#!/bin/sh\nexit 3\n")
        try project.write(Self.state, to: "state.py")
        let watching = try project.start("exec \(try python.path()) state.py '\(place.url)' 2")
        #expect(eventually { watching.printed.contains("ready") })
        try project.startWorker("-E -n w@h", with: place.variables())
        let good = try place.run("celery apply demo.tasks.add 2 3").text
        let bad = try place.run("celery apply demo.tasks.fail").text
        let ended = try watching.wait()
        #expect(ended.status == 0, "\(ended)")
        #expect(ended.lines.contains { $0.hasPrefix("worker w@h True celery-swift 2.0 ") }, "\(ended)")
        #expect(ended.lines.contains("task \(good) demo.tasks.add SUCCESS (2, 3) 5 None w@h True"), "\(ended)")
        #expect(ended.lines.contains("task \(bad) demo.tasks.fail FAILURE () None CalledProcessError(3, 'demo.tasks.fail') w@h False"), "\(ended)")
        try project.stopWorker()
    }

    @Test func `Python's celery events --dump shows our worker and its tasks`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        let dump = try project.start("exec \(try python.path()) -u -m celery -b '\(place.url)' events --dump")
        #expect(eventually { dump.printed.contains("-> evdump: starting capture...") })
        try project.startWorker("-E -n w@h", with: place.variables())
        let id = try place.run("celery apply demo.tasks.add 2 3").text
        #expect(eventually { dump.printed.contains("task succeeded: demo.tasks.add(\(id))") }, "\(dump.printed)")
        #expect(dump.printed.contains("w@h [") && dump.printed.contains("started"), "\(dump.printed)")
        #expect(eventually { dump.printed.contains("heartbeat") })
        try project.stopWorker()
        #expect(eventually { dump.printed.contains("shutdown") }, "\(dump.printed)")
        dump.signal(2)
        _ = try dump.wait()
    }

    @Test func `Python's celery control has our worker tell of tasks, or not`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        let following = try project.start("exec celery events --follow --json --type task", with: place.variables())
        try project.startWorker("-n w@h", with: place.variables())
        func control(_ command: String) throws -> String {
            try project.run("\(try python.path()) -m celery -b '\(place.url)' control -t 10 -d w@h \(command)").output
        }
        _ = try place.run("celery apply demo.tasks.add 1 --wait").text
        #expect(try control("enable_events").contains("task events enabled"))
        let told = try place.run("celery apply demo.tasks.add 2").text
        #expect(eventually { following.printed.contains("task-succeeded") }, "\(following.said)")
        #expect(try control("disable_events").contains("task events disabled"))
        let lines = try following.printed.split(separator: "\n").map { try JSON(parsing: String($0)) }
        #expect(lines.map { $0["uuid"] } == [.string(told), .string(told), .string(told)])
        following.signal(15)
        try project.stopWorker()
    }

    @Test func `our celery events shows Python's worker and its tasks`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.write(
            """
            from celery import Celery
            app = Celery("proj", broker="\(place.url)")
            @app.task(name="proj.add")
            def add(x, y): return x + y
            """, to: "proj.py")
        let following = try project.start("exec celery events --follow --json", with: place.variables())
        let worker = try project.start("exec \(try python.path()) -m celery -A proj worker -E -c1 -n py@h")
        #expect(eventually { following.printed.contains(#""type":"worker-online""#) }, "\(worker.said)")
        let id = try place.run("celery apply proj.add 2 3").text
        #expect(eventually { following.printed.contains("task-succeeded") }, "\(following.printed)")
        let events = try following.printed.split(separator: "\n").map { try JSON(parsing: String($0)) }.filter { $0["uuid"] == .string(id) }
        try #require(events.map { $0["type"] } == ["task-received", "task-started", "task-succeeded"])
        #expect(events[0]["name"] == "proj.add" && events[0]["hostname"] == "py@h" && events[2]["result"] == "5")
        worker.signal(15)
        _ = try worker.wait()
        #expect(eventually { following.printed.contains("worker-offline") })
        following.signal(15)
    }
}
