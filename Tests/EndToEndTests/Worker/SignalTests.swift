import Fixtures
import Glibc
import Testing

/// What signals do to a worker.
@Suite(.blocking) struct SignalTests {
    /// With a task that runs until the file `go` is there.
    private func project() throws -> Project {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\necho >>begun\nuntil [ -e go ]; do sleep 0.02; done\necho \"attempt $CELERY_ATTEMPT\"\n")
        return project
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `finishes what runs, and takes no more`(_ signal: Int32) throws {
        let project = try project()
        let worker = try project.start("exec celery celeryd -c1")
        let first = try project.apply("demo.tasks.wait")
        #expect(eventually { project.exists("begun") })
        worker.signal(signal)
        #expect(eventually { worker.said.contains("finishing running tasks") })
        let second = try project.apply("demo.tasks.add 1")
        try project.write("", to: "go")
        #expect(try worker.wait().status == 0)
        try project.expect("celery result \(first)", Ended("attempt 1\n"))
        #expect(try project.state(of: second) == "PENDING")
    }

    @Test(arguments: [[SIGINT, SIGINT], [SIGTERM, SIGINT], [SIGQUIT], [SIGTERM, SIGQUIT]])
    func `stops now and gives tasks back`(_ signals: [Int32]) throws {
        let project = try project()
        let worker = try project.start("exec celery celeryd -c1")
        let id = try project.apply("demo.tasks.wait")
        #expect(eventually { project.exists("begun") })
        for (index, signal) in signals.enumerated() {
            worker.signal(signal)
            if index == 0 && signals.count > 1 { #expect(eventually { worker.said.contains("finishing running tasks") }) }
        }
        let ended = try worker.wait()
        #expect(ended.status == 0)
        #expect(ended.errors.contains("stopping now; running tasks are requeued"))
        #expect(try project.state(of: id) == "PENDING")
        #expect(eventually { Leftovers.processes(of: project.folder).isEmpty })
        try project.write("", to: "go")
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        try project.expect("celery result \(id)", Ended("attempt 2\n"))
    }

    @Test func `a worker that is killed loses nothing`() throws {
        let project = try project()
        try project.startWorker()
        let id = try project.apply("demo.tasks.wait")
        #expect(eventually { project.exists("begun") })
        try project.signalWorker(SIGKILL)
        try project.write("", to: "go")
        try project.expect("celery celeryd --detach -p w2.pid -f w2.log", Ended())
        try project.expect("celery result --wait \(id)", Ended("attempt 2\n"))
        #expect(project.read("w2.log").contains("is gone; took over 1 task"))
    }

    @Test func `begins anew on HUP with new settings and tasks`() throws {
        let project = try project()
        try project.startWorker()
        let id = try project.workerID
        try project.task("fresh.sh", "#!/bin/sh\necho new\n")
        try project.write("INSTALLED_APPS = [\"demo\"]\nCELERY_QUEUES = [\"celery\", \"more\"]\n", to: "celery.toml")
        try project.signalWorker(SIGHUP)
        try project.expect("celery apply demo.tasks.fresh -Q more -w", Ended("new\n"))
        #expect(try project.workerID == id)
        #expect(project.log.contains("Restarting celeryd ("))
    }

    @Test(arguments: [[SIGHUP, SIGTERM], [SIGHUP, SIGINT], [SIGTERM, SIGHUP], [SIGHUP, SIGHUP, SIGTERM, SIGHUP]])
    func `a signal to stop counts more than one to begin anew, whichever comes first`(_ signals: [Int32]) throws {
        let project = try project()
        let worker = try project.start("exec celery celeryd -c1")
        let id = try project.apply("demo.tasks.wait")
        #expect(eventually { project.exists("begun") })
        for signal in signals {
            worker.signal(signal)
            if [SIGTERM, SIGINT].contains(signal) { #expect(eventually { worker.said.contains("finishing running tasks") }) }
        }
        try project.write("", to: "go")
        #expect(try worker.wait().status == 0)
        #expect(!worker.said.contains("Restarting celeryd"))
        try project.expect("celery result \(id)", Ended("attempt 1\n"))
    }

    @Test func `stops, at whatever moment of a new beginning it is told to`() throws {
        let project = try project()
        for moment in 0..<24 {
            try project.startWorker()
            let worker = try project.workerID
            kill(worker, SIGHUP)
            usleep(UInt32(moment) * 4_000)
            try project.expect("celery celeryd --stop -p w.pid", Ended())
            #expect(try project.run("celery celeryd --is-running -p w.pid").status == 1)
        }
    }

    @Test func `goes on with good settings when the new ones are broken`() throws {
        let project = try project()
        try project.startWorker()
        try project.write("CELERYD_CONCURENCY = 2\n", to: "celery.toml")
        try project.signalWorker(SIGHUP)
        #expect(eventually {
            project.log.contains("Not restarting: celery.toml:1: unknown setting 'CELERYD_CONCURENCY'; did you mean 'CELERYD_CONCURRENCY'?")
        })
        try project.write("INSTALLED_APPS = [\"demo\"]\n", to: "celery.toml")
        try project.expect("celery apply demo.tasks.add 1 -w", Ended("1\n"))
    }

    @Test func `opens a log that was renamed anew on USR1`() throws {
        let project = try project()
        try project.startWorker()
        _ = try project.run("mv w.log w.log.1").text
        let before = try project.apply("demo.tasks.add 1")
        #expect(try project.run("celery result -w \(before)").status == 0)
        #expect(eventually { project.read("w.log.1").contains("add[\(before)] processed: 1") })
        try project.signalWorker(SIGUSR1)
        #expect(eventually { project.log.contains("Log file reopened") })
        let after = try project.apply("demo.tasks.add 2")
        #expect(eventually { project.log.contains("add[\(after)] processed: 2") })
        #expect(!project.read("w.log.1").contains(after))
    }

    @Test func `adds and removes a child on TTIN and TTOU`() throws {
        let project = try project()
        try project.startWorker()
        #expect(try eventually { try project.poolChildren.count == 2 })
        try project.signalWorker(SIGTTIN)
        #expect(try eventually { try project.poolChildren.count == 3 })
        try project.signalWorker(SIGTTOU)
        #expect(try eventually { try project.poolChildren.count == 2 })
        #expect(project.log.contains("Adding a pool child"))
        #expect(project.log.contains("Removing a pool child"))
        try project.expect("celery apply demo.tasks.add 1 -w", Ended("1\n"))
    }

    @Test func `a command that is interrupted dies of the signal`() throws {
        let project = try project()
        let waiting = try project.start("exec celery apply demo.tasks.add --wait")
        #expect(try eventually { try project.run("celery queues").output.contains("celery\t1\t") })
        waiting.signal(SIGINT)
        #expect(try waiting.wait().status == 130)
        #expect(try project.run("(celery tasks; celery tasks; celery tasks) | head -1").output.hasPrefix("demo.tasks.add\t"))
        #expect(try project.run("celery completion bash | true; echo ${PIPESTATUS[0]}").output == "141\n")
    }
}
