import Glibc
import Fixtures
import Processes
import Testing

/// `celeryd --supervised`.
@Suite(.blocking) struct SupervisedTests {
    /// The worker below the supervisor of the pidfile.
    private func worker(_ project: Project) throws -> Int32? {
        let supervisor = try project.workerID
        return Leftovers.processes(of: project.folder).first { Leftovers.parent(of: $0) == supervisor }
    }

    /// Kills the worker, and waits for another.
    private func killWorker(_ project: Project) throws {
        let first = try #require(try worker(project))
        kill(first, SIGKILL)
        #expect(try eventually { try worker(project).map { $0 != first } ?? false })
    }

    @Test func `starts another worker when one is killed, under the same pidfile`() throws {
        let project = try Project()
        try project.expect("celery celeryd -S --detach -p w.pid -f w.log -c1", Ended())
        let supervisor = try project.workerID
        let first = try #require(try worker(project))
        #expect(try project.run("celery apply demo.tasks.add 2 3 --wait").output == "5\n")
        try killWorker(project)
        #expect(try project.run("celery apply demo.tasks.add 3 4 --wait").output == "7\n")
        #expect(try project.workerID == supervisor)
        #expect(project.log.contains("The worker (pid \(first)) ended with signal KILL; starting another in 1 s\n"))
        try project.expect("celery celeryd --is-running -p w.pid", Ended("\(supervisor)\n"))
        try project.expect("celery celeryd --stop -p w.pid", Ended())
        #expect(!project.exists("w.pid"))
        #expect(eventually { Leftovers.processes(of: project.folder).isEmpty })
        #expect(project.log.contains("Got signal TERM: finishing running tasks"))
    }

    @Test func `passes signals on, and the status of a clean stop`() throws {
        let project = try Project()
        let running = try project.start("exec celery celeryd -S -c1 -p w.pid")
        #expect(eventually { running.said.contains("Celery has started.") })
        let first = try #require(try worker(project))
        running.signal(SIGTTIN)
        #expect(eventually { running.said.contains("Adding a pool child") })
        running.signal(SIGTTOU)
        #expect(eventually { running.said.contains("Removing a pool child") })
        running.signal(SIGUSR1)
        running.signal(SIGHUP)
        #expect(eventually { running.said.contains("Restarting celeryd (") })
        #expect(eventually { running.said.ranges(of: "Celery has started.").count == 2 })
        // It began anew in its place, and is supervised as before.
        #expect(try worker(project) == first)
        try killWorker(project)
        #expect(eventually { running.said.ranges(of: "Celery has started.").count == 3 })
        running.signal(SIGTERM)
        #expect(try running.wait().status == 0)
        #expect(!project.exists("w.pid"))
    }

    @Test func `ends with the status of a worker that cannot work`() throws {
        let project = try Project()
        try project.write("CELERYD_CONCURRENCY = \"x\"\n", to: "celery.toml")
        let settings = try project.run("celery celeryd -S")
        #expect(settings.status == 78 && settings.errors.contains("must be a whole number"))
        let unreachable = try Project()
        for options in ["-S", "-S --detach -f w.log -p w.pid"] {
            let ended = try unreachable.run("celery celeryd \(options) -b amqp://localhost:1/")
            #expect(ended.status == 69 && ended.errors.contains("connection refused"), "\(ended)")
        }
        #expect(!unreachable.exists("w.pid"))
        #expect(try unreachable.run("celery celeryd -S --burst").status == 0)
    }

    @Test func `does not erase again what came after the start`() throws {
        let project = try Project()
        _ = try project.apply("demo.tasks.add 1 1")
        try project.startWorker("-S --discard --force -Q celery")
        #expect(project.log.contains("discard: Erased 1 message from the queue."))
        try killWorker(project)
        #expect(try project.run("celery apply demo.tasks.add 3 4 --wait").output == "7\n")
        #expect(project.log.ranges(of: "discard: Erased").count == 1)
        try project.stopWorker()
    }

    @Test func `a worker whose supervisor is killed stops by itself`() throws {
        let project = try Project()
        try project.startWorker("-S")
        try project.signalWorker(SIGKILL)
        #expect(eventually { project.log.contains("The supervisor is gone\n") })
        #expect(eventually { Leftovers.processes(of: project.folder).isEmpty })
    }
}
