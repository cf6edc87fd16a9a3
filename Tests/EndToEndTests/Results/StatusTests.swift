import CeleryCore
import Fixtures
import Testing

/// `celery status`.
@Suite(.blocking) struct StatusTests {
    @Test func `lists the workers that live, and what they run`() throws {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.02; done\n")
        try project.expect(
            "celery status",
            Ended(errors: "celery status: no worker is alive on sqlite://\(project.path)/celery.db\n", status: 69))
        try project.startWorker("-n one@host -Q celery,other")
        let id = try project.apply("demo.tasks.wait")
        #expect(try eventually { try project.state(of: id) == "STARTED" })
        let lines = try project.run("celery status").lines
        try #require(lines.count == 2)
        #expect(lines[0].wholeMatch(of: #/one@host\tpid \d+\tqueues celery,other\tup \d+s\trunning 1/#) != nil)
        #expect(lines[1].wholeMatch(of: #/  demo\.tasks\.wait\[(.*)\]\tattempt 1\tsince \d+s/#)?.1 == id[...])
        let object = try JSON(parsing: try project.run("celery status --json").text)
        #expect(object["worker"]?.stringValue == "one@host")
        #expect(object["pid"]?.intValue == Int(try project.workerID))
        #expect(object["queues"] == .array(["celery", "other"]))
        #expect(object["running"]?.arrayValue?.first?["id"]?.stringValue == id)
        try project.write("", to: "go")
        try project.expect("celery status --wait \(id)", Ended("\(id)\tSUCCESS\n"))
        try project.stopWorker()
        try project.expect("celery status -q", Ended(status: 69))
    }

    @Test func `forgets a worker that was killed`() throws {
        let project = try Project()
        try project.startWorker()
        try project.signalWorker(9)
        #expect(try eventually { try project.run("celery status -q").status == 69 })
    }

    @Test func `tells more with -l and --json`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add 1")
        #expect(try project.run("celery celeryd --burst -q -n me@here").status == 0)
        let fields = try project.run("celery status -l \(id)").output.split(whereSeparator: { "\t\n".contains($0) })
        #expect(fields.prefix(5) == [id[...], "SUCCESS", "task=demo.tasks.add", "attempt=1", "worker=me@here"])
        #expect(fields.dropFirst(5).map { $0.prefix { $0 != "=" } } == ["submitted", "started", "done"])
        let object = try JSON(parsing: try project.run("celery status --json \(id)").text)
        #expect(object["state"] == "SUCCESS")
        #expect(object["queue"] == "celery")
        #expect(object["retries"] == 0)
        #expect(object["submitted"]?.stringValue?.hasPrefix("20") == true)
    }

    @Test func `waits until all are finished`() throws {
        let project = try Project()
        let ids = try (1...3).map { try project.apply("demo.tasks.add \($0)") }
        let waiting = try project.start("celery status --wait \(ids.joined(separator: " "))")
        try project.startWorker()
        #expect(try waiting.wait() == Ended(ids.map { "\($0)\tSUCCESS\n" }.joined()))
    }

    @Test func `watches no longer than it may`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.flaky")
        #expect(try project.run("celery status --watch --timeout 0.2 \(id)") == Ended("\(id)\tPENDING\n", status: 124))
    }

    @Test(arguments: ["--long", "--watch", "--wait", "--timeout 5"]) func `refuses options about tasks without an id`(option: String) throws {
        let name = option.prefix { $0 != " " }
        let ended = try Project().run("celery status \(option)")
        #expect(ended.status == 64 && ended.errors.hasPrefix("celery status: \(name) is about tasks, but no ID is given\n"))
    }

    @Test func `watches until all are finished`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.flaky")
        let watching = try project.start("celery status --watch \(id)")
        #expect(eventually { watching.printed == "\(id)\tPENDING\n" })
        try project.startWorker()
        let ended = try watching.wait()
        #expect(ended.status == 0)
        #expect(ended.output.hasPrefix("\(id)\tPENDING\n"))
        #expect(ended.output.contains("\(id)\tRETRY\n"))
        #expect(ended.output.hasSuffix("\(id)\tSUCCESS\n"))
    }
}
