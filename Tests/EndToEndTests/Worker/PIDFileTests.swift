import Fixtures
import Glibc
import Testing

/// `--detach` and the pidfile: `--stop`, `--restart`, `--is-running`.
@Suite(.blocking) struct PIDFileTests {
    @Test func `returns when the worker consumes`() throws {
        let project = try Project()
        try project.expect("celery celeryd --detach -p w.pid -f w.log -c1", Ended())
        #expect(project.log.contains("Celery has started.\n"))
        let id = try project.workerID
        try project.expect("celery celeryd --is-running -p w.pid", Ended("\(id)\n"))
        try project.expect("celery celeryd --is-running -p w.pid --json", Ended("{\"pid\":\(id)}\n"))
        try project.expect("celery celeryd --stop -p w.pid", Ended())
        #expect(!Leftovers.processes(of: project.folder).contains(id))
        try project.expect(
            "celery celeryd --is-running -p w.pid",
            Ended(errors: "celery celeryd: no worker runs with pidfile \(project.path)/w.pid\n", status: 1))
        try project.expect(
            "celery celeryd --stop -p w.pid",
            Ended(errors: "celery celeryd: no worker runs with pidfile \(project.path)/w.pid\n", status: 1))
    }

    @Test func `uses the names of the settings by default`() throws {
        let project = try Project()
        #expect(try project.run("celery celeryd -d -c1").status == 0)
        #expect(project.exists("celeryd.pid"))
        #expect(project.read("celeryd.log").contains("Celery has started."))
        #expect(try project.run("celery celeryd --stop").status == 0)
        #expect(!project.exists("celeryd.pid"))
    }

    @Test func `refuses the pidfile of a living worker, and leaves that alone`() throws {
        let project = try Project()
        try project.startWorker()
        let id = try project.workerID
        let refusal = Ended(errors: "celery celeryd: pidfile \(project.path)/w.pid is held by process \(id), which is running\n", status: 73)
        #expect(try project.run("celery celeryd --detach -p w.pid -f other.log") == refusal)
        #expect(try project.run("celery celeryd -p w.pid") == refusal)
        #expect(try project.run("celery apply demo.tasks.add 1 -w").output == "1\n")
    }

    @Test func `replaces a stale pidfile and says so`() throws {
        let project = try Project()
        try project.startWorker()
        let id = try project.workerID
        try project.signalWorker(SIGKILL)
        #expect(eventually { !Leftovers.processes(of: project.folder).contains(id) })
        let ended = try project.run("celery celeryd --detach -p w.pid -f w.log -c1")
        #expect(ended.status == 0)
        // Its number may be taken again, or not be free yet.
        #expect(ended.errors.hasPrefix("celery celeryd: stale pidfile \(project.path)/w.pid (process \(id) is "))
        #expect(ended.errors.hasSuffix("), replacing it\n"))
        #expect(try project.workerID != id)
    }

    @Test func `does not take another file for a pidfile`() throws {
        let project = try Project()
        try project.expect(
            "celery celeryd --detach -p celery.toml -f w.log",
            Ended(errors: "celery celeryd: cannot use pidfile \(project.path)/celery.toml: its content is not a process id\n", status: 73))
        #expect(project.read("celery.toml").contains("INSTALLED_APPS"))
    }

    @Test(arguments: [
        ("-f /no/such/w.log", "cannot open log file /no/such/w.log: no such file or directory\n", Int32(73)),
        ("-p /no/such/w.pid -f w.log", "cannot create pidfile /no/such/w.pid: no such file or directory\n", 73),
        ("-b sqlite:/no/such/c.db -f w.log", "cannot create database /no/such/c.db: no such file or directory\n", 73),
        ("-b sqlite:celery.toml -f w.log", "PATH/celery.toml is not a celery database, but some other kind of file\nhint: name another file with --broker sqlite:///PATH; this one was left unchanged\n", 65),
        ("-b amqp://guest:secret@localhost:1// -f w.log", "cannot reach broker amqp://guest:***@localhost:1/%2F: connection refused\nhint: start RabbitMQ, or name another broker with --broker URL\n", 69),
        ("-u nobody-such -f w.log", "cannot find user nobody-such: there is no such user\n", 64),
    ])
    func `a daemon that fails prints its error and exits with its status`(_ options: String, _ errors: String, _ status: Int32) throws {
        let project = try Project()
        let ended = try project.run("celery celeryd --detach \(options)")
        #expect(ended == Ended(errors: "celery celeryd: " + errors.replacing("PATH/", with: "\(project.path)/"), status: status))
        #expect(Leftovers.processes(of: project.folder).isEmpty)
        #expect(!project.exists("celeryd.pid"))
    }

    @Test func `says on the terminal what is wrong with the project, and works`() throws {
        let project = try Project()
        try project.write("#!/bin/sh\n", to: "demo/tasks/locked.sh")
        try project.expect(
            "celery celeryd --detach -p w.pid -f w.log",
            Ended(errors: "celery celeryd: warning: demo/tasks/locked.sh: is not executable; chmod +x demo/tasks/locked.sh\n"))
    }

    @Test func `begins anew with --restart, as the same process`() throws {
        let project = try Project()
        try project.startWorker()
        let id = try project.workerID
        try project.task("fresh.sh", "#!/bin/sh\necho new\n")
        try project.expect("celery celeryd --restart -p w.pid", Ended())
        // What comes before that may still meet the old tasks.
        #expect(eventually { project.log.contains("Restarting celeryd (") })
        try project.expect("celery apply demo.tasks.fresh -w", Ended("new\n"))
        #expect(try project.workerID == id)
        try project.stopWorker()
        #expect(try project.run("celery celeryd --restart -p w.pid").status == 1)
    }

    @Test func `keeps a detached worker apart from the terminal`() throws {
        let project = try Project()
        try project.startWorker()
        let id = try project.workerID
        #expect(getsid(id) != getsid(0))
        let links = try project.run("readlink /proc/\(id)/fd/0 /proc/\(id)/fd/1 /proc/\(id)/fd/2 /proc/\(id)/cwd").lines
        #expect(links == ["/dev/null", "\(project.path)/w.log", "\(project.path)/w.log", project.path])
    }
}
