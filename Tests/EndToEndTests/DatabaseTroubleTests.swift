import Fixtures
import Glibc
import Testing

/// What becomes of commands and workers whose `celery.db` is spoilt, or held by somebody.
@Suite(.blocking) struct DatabaseTroubleTests {
    @Test(arguments: [
        (": >celery.db", "emptied or overwritten"), ("yes no database | dd of=celery.db bs=4096 count=1 conv=notrunc", "emptied or overwritten"),
        ("cp celery.db copy && mv copy celery.db", "deleted or replaced"), ("rm celery.db celery.db-wal celery.db-shm", "deleted or replaced"),
    ])
    func `a worker notices that its database is lost`(_ harm: String, _ what: String) throws {
        let project = try Project()
        try project.task("begin.sh", "#!/bin/sh\n: >begun\nuntil [ -e go ]; do sleep 0.02; done\n")
        let worker = try project.start("celery celeryd -c1")
        _ = try project.apply("demo.tasks.begin")
        #expect(eventually { project.exists("begun") })
        _ = try project.run("\(harm) 2>&1").text
        try project.write("", to: "go")
        let ended = try worker.wait(within: .seconds(20))
        #expect(ended.status == 65, "\(ended)")
        #expect(
            ended.errors.contains("celery celeryd: database \(project.path)/celery.db was \(what) while it was open\nhint: "), "\(ended)")
    }

    @Test func `commands leave no write-ahead log behind, so that a copy of the file holds everything`() throws {
        let project = try Project()
        let script = "for i in $(seq 40); do celery apply demo.tasks.add 1 $i >/dev/null || exit; [ ! -e celery.db-wal ] || echo left; done"
        try project.expect(script, Ended())
        try project.expect("echo '{\"task\": \"demo.tasks.add\", \"args\": [1, 2]}' | celery apply --batch - >/dev/null; ls celery.db*", Ended("celery.db\n"))
        _ = try project.run("cp celery.db copy").text
        try project.expect("celery queues --broker sqlite:///$PWD/copy --json | cut -d, -f2", Ended("\"ready\":41\n"))
    }

    /// Every page but the first, which says that it is a database.
    private func damage(_ project: Project) throws {
        _ = try project.run("""
            size=$(stat -c %s celery.db)
            tr '\\0' x </dev/zero | dd of=celery.db bs=4096 seek=1 count=$((size / 4096 - 1)) conv=notrunc iflag=fullblock 2>&1
            """).text
    }

    @Test func `a damaged file ends a burst, and syncdb --check tells of it`() throws {
        let project = try Project()
        for number in 1...20 { _ = try project.apply("demo.tasks.add \(number)") }
        try project.expect("celery syncdb --check", Ended("\(project.path)/celery.db: complete\n"))
        try damage(project)
        let burst = try project.run("celery celeryd --burst -q -c1")
        #expect(burst.status == 65, "\(burst)")
        #expect(burst.errors.contains("celery celeryd: database \(project.path)/celery.db is damaged: "), "\(burst)")
        let check = try project.run("celery syncdb --check")
        #expect(check.status == 65, "\(check)")
        #expect(check.output == "")
        #expect(check.errors.contains("celery syncdb: database \(project.path)/celery.db is damaged: "), "\(check)")
    }

    @Test func `a worker that has nothing to do notices that its file is damaged`() throws {
        let project = try Project()
        for number in 1...20 { _ = try project.apply("demo.tasks.add \(number)") }
        try project.expect("celery purge --force >purged", Ended())
        let worker = try project.start("celery celeryd -c1 2>said")
        #expect(eventually { project.read("said").contains("Celery has started.") })
        try damage(project)
        #expect(try worker.wait(within: .seconds(60)).status == 65)
        #expect(project.read("said").contains("celery celeryd: database \(project.path)/celery.db is damaged: "))
    }

    @Test func `dmap with workers of its own ends when the file is deleted`() throws {
        let project = try Project()
        try project.task("harm.sh", "#!/bin/sh\nrm -f celery.db celery.db-wal celery.db-shm\n")
        let ended = try project.run("seq 10 | celery dmap demo.tasks.harm -j 2")
        #expect([65, 70].contains(ended.status), "\(ended)")
        #expect(ended.errors.contains("was deleted or replaced while it was open"), "\(ended)")
    }

    @Test(.enabled(if: Python.path != nil, "needs python3 with sqlite3"))
    func `while a stopped process holds the file commands say so and end, and workers wait`() throws {
        let project = try Project()
        try project.task("begin.sh", "#!/bin/sh\n: >begun\nuntil [ -e go ]; do sleep 0.02; done\n")
        try project.startWorker("-c1")
        let id = try project.apply("demo.tasks.begin")
        #expect(eventually { project.exists("begun") })
        let holder = try project.start("""
            exec python3 -c 'import sqlite3, os, signal
            db = sqlite3.connect("celery.db", isolation_level=None)
            db.execute("BEGIN IMMEDIATE")
            open("held", "w").close()
            os.kill(os.getpid(), signal.SIGSTOP)
            db.execute("COMMIT")'
            """)
        #expect(eventually { project.exists("held") })
        try project.write("", to: "go")
        let sentence = "database \(project.path)/celery.db is held by process \(holder.id) (python3), which is stopped\n"
        let hint = "hint: resume it with 'kill -CONT \(holder.id)', or end it with 'kill -KILL \(holder.id)'\n"
        let start = ContinuousClock.now
        let apply = try project.start("celery apply demo.tasks.add 1")
        let daemon = try project.start("celery celeryd --detach -n v -p v.pid -f v.log")
        let beat = try project.start("celery beat --once -q")
        let mapping = try project.start("echo 1 | celery dmap -q demo.tasks.add")
        #expect(try apply.wait() == Ended(errors: "celery apply: \(sentence)\(hint)", status: 75))
        #expect(try daemon.wait() == Ended(errors: "celery celeryd: \(sentence)\(hint)", status: 75))
        #expect(try beat.wait() == Ended(errors: "celery beat: \(sentence)\(hint)", status: 75))
        #expect(try mapping.wait().status == 75)
        #expect(start + .seconds(20) > .now)
        #expect(eventually { project.log.contains("cannot record 1 outcome: \(sentence)") })
        holder.signal(SIGCONT)
        #expect(try holder.wait() == Ended())
        #expect(try project.run("celery result --wait --timeout 30 \(id)").status == 0)
        try project.stopWorker()
    }

    @Test func `syncdb --compact gives back what a burst has left, also beside a worker`() throws {
        let project = try Project()
        try project.startWorker("-c1")
        let lines = String(repeating: "{\"task\": \"demo.tasks.add\", \"args\": [\"\(String(repeating: "9", count: 1_000))\"], \"queue\": \"none\"}\n", count: 2_000)
        _ = try project.run("celery apply --batch - >ids", input: lines).text
        try project.expect("celery purge -Q none --force", Ended("Erased 2000 messages from queue none.\n"))
        let ended = try project.run("celery syncdb --compact --json")
        #expect(ended.status == 0, "\(ended)")
        #expect(ended.output.contains("\"state\":\"compacted\""), "\(ended)")
        let size = try #require(Int(project.run("stat -c %s celery.db").text))
        #expect(size < 1_000_000)
        #expect(try project.run("celery apply demo.tasks.add 1 --wait").text == "1")
        try project.stopWorker()
        #expect(try project.run("celery syncdb --compact --check").status == 64)
    }
}
