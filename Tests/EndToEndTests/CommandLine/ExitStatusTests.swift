import Testing

/// The exit statuses that a task's end gives to `apply --wait` and to `result`.
@Suite(.blocking) struct ExitStatusTests {
    /// A program's last line, and the status the commands exit with.
    @Test(arguments: [
        ("exit 0", Int32(0)), ("exit 1", 1), ("exit 3", 3), ("exit 64", 64), ("exit 123", 123), ("exit 124", 1),
        ("exit 127", 1), ("exit 255", 1), ("kill -TERM $$", 143), ("kill -KILL $$", 137), ("kill -SEGV $$", 139),
    ])
    func `passes on how the program ended`(_ line: String, _ status: Int32) throws {
        let project = try Project()
        try project.task("end.sh", "#!/bin/sh\n\(line)\n")
        try project.startWorker()
        #expect(try project.run("celery apply demo.tasks.end --task-id t --wait").status == status)
        #expect(try project.run("celery result t").status == status)
        #expect(try project.run("celery status t").status == (status == 0 ? 0 : 1))
    }

    @Test func `tells a signal by its number`() throws {
        let project = try Project()
        try project.task("end.sh", "#!/bin/sh\nkill -USR1 $$\n")
        try project.startWorker()
        try project.expect(
            "celery apply demo.tasks.end --wait",
            Ended(errors: "CalledProcessError: demo.tasks.end died of signal 10\n", status: 138))
    }

    @Test func `126 for a task whose process is lost too often`() throws {
        let project = try Project()
        // The program kills the pool child above it.
        try project.task("lost.sh", "#!/bin/sh\n# celery: crash_limit=2\necho $CELERY_ATTEMPT >>attempts\nkill -KILL $PPID\nsleep 60\n")
        try project.startWorker()
        let ended = try project.run("celery apply demo.tasks.lost --wait")
        #expect(ended.status == 126)
        #expect(ended.errors.hasPrefix("WorkerLostError: "))
        #expect(project.read("attempts") == "1\n2\n")
    }

    @Test func `a task is given up after three lost processes by default`() throws {
        let project = try Project()
        try project.task("lost.sh", "#!/bin/sh\necho $CELERY_ATTEMPT >>attempts\nkill -KILL $PPID\nsleep 60\n")
        try project.startWorker()
        #expect(try project.run("celery apply demo.tasks.lost --wait").status == 126)
        #expect(project.read("attempts") == "1\n2\n3\n")
    }

    @Test func `127 for a task that no worker knows`() throws {
        let project = try Project()
        try project.startWorker()
        try project.expect(
            "celery apply demo.tasks.missing -q --wait",
            Ended(errors: "NotRegistered: demo.tasks.missing\n", status: 127))
    }

    @Test func `127 for an id nobody knows`() throws {
        let project = try Project()
        try project.expect("celery status nope", Ended("nope\tUNKNOWN\n", status: 127))
        try project.expect("celery result nope", Ended(errors: "celery result: nope: no such task id\n", status: 127))
        #expect(try project.run("celery result --wait nope").status == 127)
    }

    @Test func `75 for one that is not ready`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add")
        try project.expect("celery status \(id)", Ended("\(id)\tPENDING\n", status: 75))
        try project.expect("celery result \(id)", Ended(errors: "celery result: \(id): not ready: PENDING\n", status: 75))
    }

    @Test(arguments: ["result --wait --timeout 0.1", "result --timeout 0.1", "status --wait --timeout 0.1", "status --timeout 0.1"])
    func `124 for one that is not ready in time`(_ command: String) throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add")
        #expect(try project.run("celery \(command) \(id)").status == 124)
    }

    @Test func `of several, the first that applies`() throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\nexit 5\n")
        for line in ["add 1 --task-id good", "fail --task-id bad", "add --task-id late --expires 0.001"] {
            _ = try project.apply("demo.tasks.\(line)")
        }
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        _ = try project.apply("demo.tasks.add --task-id open")
        for (ids, status) in [
            ("good", Int32(0)), ("good open", 75), ("open bad", 1), ("bad late", 125), ("late nope", 127), ("good bad open late nope", 127),
        ] {
            #expect(try project.run("celery status \(ids)").status == status, "\(ids)")
        }
        #expect(try project.run("celery result good bad open").status == 5)
    }
}
