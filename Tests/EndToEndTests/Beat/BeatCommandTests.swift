import CeleryCore
import Fixtures
import Glibc
import Testing

/// The commands about periodic tasks: `celery beat next`, `list`, `status`, `pause`, ...
@Suite(.blocking) struct BeatCommandTests {
    /// With a task each second, and one each night in New York.
    private func project(_ more: String = "") throws -> Project {
        let project = try Project()
        try project.periodic("""
            CELERY_TASK_RESULT_EXPIRES = 0
            \(Project.tick)\(more)
            [beat.nightly]
            task = "demo.tasks.square"
            kwargs = { x = 1 }
            crontab = "30 3 * * *"
            timezone = "America/New_York"

            """)
        return project
    }

    @Test func `next lists the coming runs in order, in local time`() throws {
        let project = try project()
        let lines = try project.run("celery beat next -n 3", with: ["TZ": "Asia/Kolkata"]).lines.map { $0.split(separator: "\t") }
        #expect(lines.map { $0.dropFirst() } == Array(repeating: ["tick", "demo.tasks.add"], count: 3))
        #expect(lines.allSatisfy { $0[0].hasSuffix("+05:30") })
        #expect(lines.map { String($0[0]) }.sorted() == lines.map { String($0[0]) })
        let nights = try project.run("celery beat next nightly -n 400 --json").lines.map { try JSON(parsing: $0) }
        try #require(nights.count == 400)
        // Half past three there is one of two hours here, by the season.
        #expect(Set(nights.compactMap { $0["due"]?.stringValue?.dropFirst(11).prefix(8) }) == ["07:30:00", "08:30:00"])
        #expect(nights[0]["id"]?.stringValue?.count == 36)
        try project.expect("celery beat next nightl", Ended(
            errors: "celery beat next: no periodic task is called 'nightl'; did you mean 'nightly'?\nhint: 'celery beat list' lists them\n", status: 127))
    }

    @Test func `next works without the broker`() throws {
        let project = try project()
        let ended = try project.run("celery beat next -n1 tick -b amqp://guest:secret@localhost:1//")
        #expect(ended.status == 0)
        #expect(ended.output.hasSuffix("\ttick\tdemo.tasks.add\n"))
        #expect(ended.errors == "celery beat next: cannot reach broker amqp://guest:***@localhost:1/%2F: connection refused; sent and paused runs are unknown\n")
    }

    @Test func `list tells what there is`() throws {
        let project = try project()
        try project.periodic("[beat.odd]\ntask = \"demo.tasks.sqare\"\nevery = \"1h\"\n")
        let ended = try project.run("celery beat list")
        #expect(ended.lines.map { $0.split(separator: "\t").enumerated().filter { $0.offset != 3 && $0.offset != 4 }.map { String($0.element) } } == [
            ["nightly", "30 3 * * * America/New_York", "demo.tasks.square", "-", "-"],
            ["odd", "every 1h", "demo.tasks.sqare", "-", "-"], ["tick", "every 1s", "demo.tasks.add", "-", "-"],
        ])
        #expect(ended.errors.contains("periodic task 'odd' sends 'demo.tasks.sqare', which no project here knows; did you mean 'demo.tasks.square'?"))
        let json = try project.run("celery beat list --json").lines.map { try JSON(parsing: $0) }
        #expect(json.first?.objectValue?.keys == [
            "entry", "schedule", "task", "source", "next", "paused", "last_due", "last_sent", "last_id", "last_state", "sent", "missed",
        ])
    }

    @Test func `status tells by its exit status how it stands`() throws {
        let project = try project("expect_within = \"1h\"")
        #expect(try project.run("celery beat status").status == 69)
        #expect(try project.run("celery beat status").line(0) == "no beat leads")
        try project.startBeat()
        let ended = try project.run("celery beat status")
        #expect(ended.status == 0)
        #expect(ended.line(0).contains(" (pid \(try project.beatID())) leads since 2"))
        #expect(ended.line(1).hasPrefix("nightly\twaiting\t-\t"))
        #expect(eventually { project.sent().count >= 1 })
        #expect(try project.run("celery beat status tick").line(1).hasPrefix("tick\tok\t"))
        // No worker is there, so nothing succeeds.
        try project.write(project.read("celery.toml").replacing("\"1h\"", with: "1"), to: "celery.toml")
        #expect(try eventually { try project.run("celery beat status").status == 1 })
        #expect(try project.run("celery beat status tick").line(1).hasPrefix("tick\tabsent\t-\t"))
        #expect(eventually { project.read("b.log").contains("tick has not succeeded within 1 s") })
        try project.expect("celery beat pause tick", Ended("tick\tpaused\n"))
        #expect(try project.run("celery beat status").status == 0)
        try project.stopBeat()
        #expect(try project.run("celery beat status").status == 69)
    }

    @Test func `status alarms when the last runs all failed, without expect_within`() throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\n[ -e well ]\n")
        try project.periodic("[beat.broken]\ntask = \"demo.tasks.fail\"\nevery = 1\n[beat.quiet]\ntask = \"demo.tasks.fail\"\nevery = 1\nalarm_after = 0\n")
        try project.startBeat()
        try project.startWorker()
        #expect(try eventually { try project.run("celery beat status").status == 1 })
        let ended = try project.run("celery beat status broken quiet")
        #expect(ended.lines.dropFirst().map { $0.split(separator: "\t").dropFirst().first } == ["failing", "ok"], "\(ended)")
        let shown = try JSON(parsing: project.run("celery beat status broken --json").line(1))
        #expect(shown["health"] == "failing" && (shown["failures"]?.intValue ?? 0) >= 1 && shown["last_success"] == .null)
        #expect(project.read("b.log").contains("broken has failed "))
        #expect(!project.read("b.log").contains("quiet has failed "))
        try project.write("", to: "well")
        #expect(try eventually { try project.run("celery beat status broken").status == 0 })
        #expect(project.read("b.log").contains("broken has succeeded again"))
        try project.stopWorker()
        try project.stopBeat()
    }

    @Test func `status of a project without periodic tasks is good`() throws {
        let project = try Project()
        try project.periodic("CELERY_TASK_RESULT_EXPIRES = 0\n")
        try project.expect("celery beat status", Ended("no beat leads\n"))
    }

    @Test func `pause and resume`() throws {
        // One that goes on meanwhile shows that there was time.
        let metronome = "\n[beat.metronome]\ntask = \"demo.tasks.square\"\nargs = [1]\nevery = 1\n"
        let project = try project(metronome)
        let waits = "celery beat pause: no beat leads now; the next leader will carry it out\n"
        let paused = try project.run("celery beat pause tick nightly --reason moving --until 2999-01-01T00:00:00Z -q")
        #expect(paused == Ended("tick\tpaused until 2999-01-01T00:00:00+00:00\nnightly\tpaused until 2999-01-01T00:00:00+00:00\n"))
        #expect(try project.run("celery beat status nightly --json").output.contains("\"reason\":\"moving\""))
        #expect(try project.run("celery beat pause tick --for 1h --until tomorrow").status == 64)
        try project.expect("celery beat pause tick", Ended("tick\tpaused\n", errors: waits))
        #expect(try project.run("celery beat next -n1 tick").output.hasSuffix("\tpaused\n"))
        try project.startBeat()
        func sent(_ entry: String) -> Int { project.read("b.log").split(separator: "\n").count { $0.contains("Sending due task \(entry) ") } }
        #expect(eventually { sent("metronome") >= 3 })
        #expect(sent("tick") == 0)
        #expect(try project.run("celery beat status tick nightly").lines.dropFirst().allSatisfy { $0.contains("\tpaused\t") })
        try project.expect("celery beat resume tick", Ended("tick\tresumed\n"))
        #expect(eventually { sent("tick") >= 1 })
        try project.stopBeat()
        // It outlives the beat.
        #expect(try project.run("celery beat list").line(1).hasPrefix("nightly\t30 3 * * * America/New_York\tdemo.tasks.square\tcelery.toml:"))
        #expect(try project.run("celery beat status nightly").line(1).hasPrefix("nightly\tpaused\t"))
    }

    @Test func `run sends now, and waits`() throws {
        let project = try project()
        let id = try project.run("celery beat run tick").text
        #expect(try project.queued() == [id])
        let waiting = try project.start("exec celery beat run tick --wait -q")
        try project.startWorker()
        #expect(try waiting.wait() == Ended("5\n"))
        try project.expect("celery result --wait \(id)", Ended("5\n"))
        #expect(try project.run("celery beat run tik").status == 127)
        #expect(try project.run("celery beat run").status == 64)
    }

    @Test func `backfill sends the runs of the past, once`() throws {
        let project = try project("expires = 60")
        let line = "celery beat backfill tick 2026-01-01T00:00:00Z 2026-01-01T00:00:09Z"
        let dry = try project.run("\(line) --dry-run").lines
        #expect(dry.count == 10)
        #expect(dry.first?.hasSuffix("\t2026-01-01T00:00:00+00:00") == true)
        #expect(try project.queued() == [])
        let ids = try project.run(line).lines
        #expect(ids == dry.map { String($0.prefix(36)) })
        #expect(Set(try project.queued()) == Set(ids))
        let again = try project.run(line)
        #expect(again.output == "" && again.status == 0)
        #expect(again.errors.split(separator: "\n").allSatisfy { $0.hasSuffix("it waits in its queue") })
        // They expire as long after now as they would have after they were due.
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(try project.run("celery result \(ids.joined(separator: " "))").lines == Array(repeating: "5", count: 10))
        #expect(try project.run(line).errors.contains("its state is SUCCESS"))
        #expect(try project.queued() == [])
    }

    @Test(arguments: [
        ("tick 2026-01-02 2026-01-01", "FROM is later than TO"), ("tick 2026-01-01 2999-01-01", "which is in the future"),
        ("tick soon now", "'soon' is not a time"), ("tick 2026-01-01 2026-01-02", "more than 10000 runs of 'tick' were due then"),
    ])
    func `backfill refuses what cannot be meant`(_ words: String, _ reason: String) throws {
        let ended = try project().run("celery beat backfill \(words)")
        #expect(ended.status == 64)
        #expect(ended.errors.contains(reason), "\(ended.errors)")
    }
}
