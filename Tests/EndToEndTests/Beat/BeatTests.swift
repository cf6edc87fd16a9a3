import Fixtures
import Glibc
import Testing

/// `celery beat`: what it sends, alone and among others.
@Suite(.blocking) struct BeatTests {
    @Test func `begins with a banner, and stops when asked`() throws {
        let project = try Project()
        try project.periodic("CELERY_TASK_RESULT_EXPIRES = 0\n" + Project.tick)
        for signal in [SIGTERM, SIGINT, SIGQUIT] {
            let beat = try project.start("exec celery beat")
            #expect(eventually { beat.said.contains("Celery beat has started.") })
            beat.signal(signal)
            let ended = try beat.wait()
            #expect(ended.status == 0)
            #expect(ended.errors.hasPrefix("""
                Celery 0.9.0 beat is starting.
                Configuration ->
                    . Broker -> sqlite://\(project.path)/celery.db
                    . Result store -> sqlite://\(project.path)/celery.db
                    . Beat -> celery
                    . Periodic tasks -> tick

                """))
            #expect(ended.errors.contains("stopping"))
        }
    }

    @Test func `sends what is due, and a worker runs it`() throws {
        let project = try Project()
        try project.periodic(Project.tick)
        try project.startWorker()
        try project.startBeat()
        #expect(eventually { project.sent().count >= 3 })
        let id = try #require(project.sent().first)
        try project.expect("celery result --wait \(id)", Ended("5\n"))
        #expect(try eventually { try project.run("celery beat list").output.contains("\tSUCCESS\n") })
        // What came of it is known to beat before long.
        #expect(try eventually { try project.run("celery beat status tick").line(1).hasPrefix("tick\tok\t2") })
        try project.stopBeat()
        try project.stopWorker()
    }

    @Test func `a program says itself when it is due`() throws {
        let project = try Project()
        try project.task("beep.sh", "#!/bin/sh\n# celery: every=1s queue=bells priority=3\necho beep\n")
        try project.startBeat()
        #expect(eventually { project.sent().count >= 1 })
        try project.stopBeat()
        #expect(try project.run("celery celeryd --burst -q -Q bells").status == 0)
        let id = try #require(project.sent().first)
        try project.expect("celery result \(id)", Ended("beep\n"))
        #expect(try project.run("celery beat list").lines.contains { $0.hasPrefix("demo.tasks.beep\tevery 1s\tdemo.tasks.beep\tdemo/tasks/beep.sh\t") })
    }

    @Test func `a Swift task says itself when it is due`() throws {
        let project = try Project()
        #expect(try project.run("celery-example beat list").lines.contains { $0.hasPrefix("example.tidy\tevery 10m\texample.tidy\tbuilt in\t") })
    }

    @Test func `of two one sends, and the other takes over from the dead`() throws {
        let project = try Project()
        try project.periodic(Project.tick)
        try project.startBeat("a")
        try project.startBeat("b")
        #expect(eventually { project.sent("a").count >= 2 })
        #expect(project.read("b.log").contains("Another beat is the leader; waiting to take over"))
        kill(try project.beatID("a"), SIGKILL)
        #expect(eventually { project.sent("b").count >= 2 })
        try project.stopBeat("b")
        // Each run once. The dead one may have sent one that it did not come to log.
        let (ids, queued) = (project.sent("a") + project.sent("b"), try project.queued())
        #expect(Set(ids).count == ids.count)
        #expect(Set(queued).count == queued.count)
        #expect(Set(queued).isSuperset(of: ids))
    }

    @Test func `sends what is due once, with --once`() throws {
        let project = try Project()
        try project.periodic(Project.tick)
        // New tasks begin now, and are not due yet.
        try project.expect("celery beat --once -q -l error", Ended())
        _ = try project.run("sleep 2.1")
        try project.expect("celery beat --once -q -l error", Ended())
        #expect(try project.queued().count == 1)
        try project.startBeat()
        try project.expect(
            "celery beat --once -q -l critical", Ended(errors: "celery beat: another beat is the leader and sends the due tasks\n", status: 75))
        try project.stopBeat()
    }

    @Test func `works beside a worker with celeryd -B`() throws {
        let project = try Project()
        try project.periodic(Project.tick)
        try project.startWorker("-B")
        #expect(project.log.contains("    . Periodic tasks -> tick, celery.backend_cleanup\n"))
        #expect(eventually { project.log.contains(#/Task demo.tasks.add\[.*\] processed: 5/#) })
        #expect(try project.run("celery beat status").status == 0)
        // New settings are for both.
        try project.periodic("[beat.tock]\ntask = \"demo.tasks.square\"\nargs = [3]\nevery = 1\n")
        try project.signalWorker(SIGHUP)
        #expect(eventually { project.log.contains(#/Task demo.tasks.square\[.*\] processed: 9/#) })
        try project.stopWorker()
        #expect(try project.run("celery beat status").status == 69)
    }

    @Test func `a beat that cannot begin says why, and so does celeryd -B`() throws {
        let project = try Project()
        try project.periodic("[beat.tick]\ntask = \"demo.tasks.add\"\nevery = 1\noptions = { priority = 300 }\n")
        for command in ["beat", "beat --detach", "celeryd -B -c1"] {
            let ended = try project.run("celery \(command)")
            #expect(ended.status == 78, "\(command)")
            #expect(ended.errors.contains("priority"), "\(ended.errors)")
        }
        #expect(eventually { Leftovers.processes(of: project.folder).isEmpty })
    }
}
