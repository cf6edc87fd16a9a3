import CeleryCore
import Fixtures
import Glibc
import Testing

/// `celery beat` in the background: pidfile, log file, and new settings.
@Suite(.blocking) struct BeatDaemonTests {
    @Test func `returns when it has its place, and is told to stop`() throws {
        let project = try Project()
        try project.expect("celery beat --detach", Ended())
        #expect(project.read("celerybeat.log").contains("Celery beat has started.\n"))
        let id = try project.beatID("celerybeat")
        try project.expect("celery beat --is-running", Ended("\(id)\n"))
        let refusal = Ended(errors: "celery beat: pidfile \(project.path)/celerybeat.pid is held by process \(id), which is running\n", status: 73)
        #expect(try project.run("celery beat --detach") == refusal)
        try project.expect("celery beat --stop", Ended())
        let nobody = Ended(errors: "celery beat: no beat runs with pidfile \(project.path)/celerybeat.pid\n", status: 1)
        for option in ["--stop", "--restart", "--is-running"] { try project.expect("celery beat \(option)", nobody) }
    }

    @Test func `opens its log anew`() throws {
        let project = try Project()
        try project.startBeat()
        _ = try project.run("mv b.log old.log").text
        kill(try project.beatID(), SIGUSR1)
        #expect(eventually { project.read("b.log").contains("Log file reopened") })
        try project.stopBeat()
    }

    @Test func `takes over new periodic tasks on HUP, and keeps the phase of the others`() throws {
        let project = try Project()
        try project.periodic(Project.tick)
        try project.startBeat()
        let id = try project.beatID()
        #expect(eventually { project.sent().count >= 1 })
        try project.periodic("[beat.later]\ntask = \"demo.tasks.add\"\nevery = \"1d\"\n")
        try project.expect("celery beat --restart -p b.pid", Ended())
        #expect(eventually { project.read("b.log").contains("Settings reloaded: 3 periodic tasks") })
        let count = project.sent().count
        #expect(eventually { project.sent().count >= count + 2 })
        #expect(try project.beatID() == id)
        try project.stopBeat()
        #expect(Set(try project.queued()) == Set(project.sent()))
        // Whole seconds apart, as they were due: they may have been sent later, and a slow machine may have missed one.
        let dues = try project.run(
            #"sqlite3 celery.db "SELECT json_extract(CAST(headers AS TEXT), '\$.beat_due') FROM message WHERE json_extract(CAST(headers AS TEXT), '\$.beat_entry') = 'tick' ORDER BY tag""#
        ).lines.compactMap { ISO8601.timestamp($0)?.seconds }
        #expect(dues.count >= 3)
        #expect(zip(dues, dues.dropFirst()).allSatisfy { $1 > $0 && ($1 - $0).truncatingRemainder(dividingBy: 1) == 0 }, "\(dues)")
    }

    @Test func `begins anew on HUP when other settings have changed`() throws {
        let project = try Project()
        try project.startBeat()
        let id = try project.beatID()
        try project.periodic("CELERYBEAT_MAX_LOOP_INTERVAL = 10\n")
        // By itself it only says so.
        #expect(eventually { project.read("b.log").contains("have changed too; send HUP to apply them") })
        kill(id, SIGHUP)
        #expect(eventually { project.read("b.log").contains("Restarting beat (") })
        #expect(eventually { project.read("b.log").split(separator: "Celery beat has started.").count == 3 })
        #expect(try project.beatID() == id)
        try project.stopBeat()
    }

    @Test func `notices by itself that settings and tasks have changed`() throws {
        let project = try Project()
        try project.startBeat()
        try project.periodic(Project.tick)
        #expect(eventually { project.sent().count >= 1 })
        try project.task("beep.sh", "#!/bin/sh\n# celery: every=1s\necho beep\n")
        #expect(eventually { project.read("b.log").contains("Sending due task demo.tasks.beep") })
        try project.task("beep.sh", "#!/bin/sh\n# celery: every=1d\necho beep\n")
        #expect(eventually { project.read("b.log").split(separator: "Settings reloaded: ").count == 4 })
        #expect(try project.run("celery beat list").output.contains("demo.tasks.beep\tevery 1d\t"))
        try project.stopBeat()
    }

    @Test func `goes on with the old ones when the new settings are broken`() throws {
        let project = try Project()
        try project.periodic(Project.tick)
        try project.startBeat()
        let good = project.read("celery.toml")
        try project.write(good + "\n[beat.bad]\ntask = \"x\"\nevry = 3\n", to: "celery.toml")
        kill(try project.beatID(), SIGHUP)
        #expect(eventually { project.read("b.log").contains("The periodic tasks stay as they were: celery.toml:") })
        let count = project.sent().count
        #expect(eventually { project.sent().count >= count + 2 })
        try project.write(good.replacing("[beat.tick]", with: "[beat.tock]"), to: "celery.toml")
        #expect(eventually { project.read("b.log").contains("Sending due task tock") })
        try project.stopBeat()
    }
}
