import CeleryCore
import Fixtures
import Testing

/// `celery events` on a SQLite file.
@Suite(.blocking) struct EventsTests {
    /// Objects of `--json`.
    private func objects(_ text: String) throws -> [JSON] { try text.split(separator: "\n").map { try JSON(parsing: String($0)) } }

    private func types(_ text: String) throws -> [String] { try objects(text).compactMap { $0["type"]?.stringValue } }

    @Test func `shows what was kept, and chooses from it`() throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\nexit 3\n")
        let good = try project.apply("demo.tasks.add 2 3")
        let bad = try project.apply("demo.tasks.fail")
        #expect(try project.run("celery celeryd --burst -q -c1 -E -n w@h").status == 0)
        let all = try project.run("celery events --json")
        #expect(all.status == 0 && all.errors == "")
        let seen = try types(all.output)
        #expect(seen.first == "worker-online" && seen.last == "worker-offline")
        #expect(try types(project.run("celery events --json --id \(good)").output) == ["task-received", "task-started", "task-succeeded"])
        #expect(try types(project.run("celery events --json --task '*.fail'").output) == ["task-received", "task-started", "task-failed"])
        #expect(try types(project.run("celery events --json --type task-failed --type worker-offline").output) == ["task-failed", "worker-offline"])
        #expect(try types(project.run("celery events --json --type task").output).count == 6)
        #expect(try project.run("celery events --since 1h").lines.count == seen.count)
        #expect(try project.run("celery events --since 2030-01-01").output == "")
        let lines = try project.run("celery events --id \(bad)").lines.map { $0.split(separator: "\t").map(String.init) }
        try #require(lines.map { Array($0.dropFirst().prefix(4)) } == ["received", "started", "failed"].map { ["task-\($0)", "w@h", bad, "demo.tasks.fail"] })
        #expect(lines[2].last == "exception=CalledProcessError(3, 'demo.tasks.fail')")
    }

    @Test func `warns of a type that no worker sends, and shows it all the same if a task does`() throws {
        let project = try Project()
        let ended = try project.run("celery events --type task-faild --type worker --type my-own_type.é")
        #expect(ended.status == 0 && ended.output == "")
        #expect(ended.errors.hasPrefix("celery events: warning: no worker sends events of type 'task-faild', unless a task does so itself; did you mean 'task-failed'?\n"), "\(ended)")
        #expect(ended.errors.contains("of type 'my-own_type.é', unless a task does so itself\nhint: workers send task-sent, "), "\(ended)")
        #expect(try project.run("celery events --type worker --type worker-elect") == Ended())
        #expect(try project.run("celery -q events --type nosuch") == Ended())
    }

    @Test func `tells nothing of tasks without -E, and of what is sent where the settings say so`() throws {
        let project = try Project()
        let id = try project.run("celery apply demo.tasks.add 2 3", with: ["CELERY_SEND_TASK_SENT_EVENT": "1"]).text
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        let events = try objects(project.run("celery events --json --type task").output)
        try #require(events.map { $0["type"] } == ["task-sent"])
        #expect(events[0]["uuid"] == .string(id) && events[0]["args"] == "(2, 3)" && events[0]["queue"] == "celery")
        #expect(events[0]["hostname"]?.stringValue?.hasPrefix("gen") ?? false)
    }

    @Test func `follows, and goes on where it stopped, with nothing lost and nothing twice`() throws {
        let project = try Project()
        let first = try project.start("exec celery events --follow --json --type task")
        // It looks at the file from its start on.
        #expect(try eventually { try project.run("celery events --json").status == 0 })
        try project.startWorker("-E")
        let ids = try (1...3).map { try project.apply("demo.tasks.add \($0)") }
        _ = try project.run("celery status --wait \(ids.joined(separator: " "))")
        #expect(eventually { first.printed.split(separator: "\n").count == 9 }, "\(first.printed)")
        first.signal(2)
        #expect(try first.wait().status == 130)
        let told = try objects(first.printed)
        try #require(told.count > 4)
        // Somewhere in the middle.
        let cursor = try #require(told[4]["cursor"]?.stringValue)
        let more = try project.apply("demo.tasks.add 4")
        _ = try project.run("celery status --wait \(more)")
        let second = try project.start("exec celery events --follow --json --type task --after \(cursor)")
        #expect(eventually { second.printed.split(separator: "\n").count == 7 }, "\(second.printed)")
        second.signal(15)
        #expect(try second.wait().errors == "")
        let rest = try objects(second.printed)
        #expect(rest.prefix(4) == told.suffix(4))
        #expect(Set(rest.suffix(3).map { $0["uuid"] }) == [.string(more)])
        try project.stopWorker()
    }

    @Test func `tells of a gap, and of a cursor that is none`() throws {
        let project = try Project()
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        let far = try project.run("celery events --json --after 4711")
        #expect(far.status == 0)
        #expect(try objects(far.output).first?["type"] == "gap")
        #expect(far.errors.hasPrefix("celery events: gap: cursor 4711 is past the last event"))
        let wrong = try project.run("celery events --after yesterday")
        #expect(wrong.status == 64 && wrong.output == "")
        #expect(try project.run("celery events --after 1 --since 1h").status == 64)
    }

    @Test func `ends when its reader goes away`() throws {
        let project = try Project()
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        let ended = try project.run("timeout 20 celery events --follow --since 1d | head -n1; echo ${PIPESTATUS[0]}")
        // Nothing more was written, or the pipe was found broken.
        #expect(ended.lines.count == 2 && ["124", "141"].contains(ended.line(1)), "\(ended)")
    }
}
