import Fixtures
import Glibc
import Testing

/// `celery celeryd`: how it begins, and how it ends by itself.
@Suite(.blocking) struct CelerydTests {
    @Test func `begins with a banner`() throws {
        let project = try Project()
        #expect(try project.run("celery celeryd --burst -c3 -n me@%h -Q a,b").errors.replacing(try project.run("uname -n").text, with: "HOST") == """
            Celery 0.9.0 is starting.
            Configuration ->
                . Broker -> sqlite://\(project.path)/celery.db
                . Queues -> a, b
                . Concurrency -> 3
                . Result store -> sqlite://\(project.path)/celery.db
                . Statistics -> OFF
                . Worker -> me@HOST
                . Tasks -> demo.tasks.add, demo.tasks.flaky, demo.tasks.shout, demo.tasks.square
            Celery has started.

            """)
        try project.expect("celery celeryd --burst -q", Ended())
    }

    @Test func `works until nothing is due with --burst`() throws {
        let project = try Project()
        let ids = try [project.apply("demo.tasks.add 1"), project.apply("demo.tasks.add 2 --countdown 1h"), project.apply("demo.tasks.add 3")]
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(try project.run("celery status \(ids.joined(separator: " "))").lines.map { $0.split(separator: "\t").dropFirst().first } == [
            "SUCCESS", "PENDING", "SUCCESS",
        ])
    }

    @Test func `exits after so many tasks`() throws {
        let project = try Project()
        for number in 1...5 { _ = try project.apply("demo.tasks.add \(number)") }
        #expect(try project.run("celery celeryd --max-tasks 3 -q").status == 0)
        #expect(try project.run("celery queues").output.contains("celery\t2\t0\t0\t0\n"))
    }

    @Test func `logs in the original's words`() throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\necho trouble >&2\nexit 2\n")
        let good = try project.apply("demo.tasks.add 2 3")
        let bad = try project.apply("demo.tasks.fail")
        let ended = try project.run("celery celeryd --burst -c1 -l info")
        let lines = ended.errors.split(separator: "\n").drop { $0 != "Celery has started." }.dropFirst()
            .map { $0.replacing(#/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: /#, with: "[") }
        #expect(Set(lines) == [
            "[INFO/MainProcess] Got task from broker: demo.tasks.add[\(good)]",
            "[INFO/MainProcess] Task demo.tasks.add[\(good)] processed: 5",
            "[INFO/MainProcess] Got task from broker: demo.tasks.fail[\(bad)]",
            "[INFO/MainProcess] demo.tasks.fail[\(bad)]: trouble",
            "[ERROR/MainProcess] Task demo.tasks.fail[\(bad)] raised exception: CalledProcessError: demo.tasks.fail returned exit status 2",
        ])
        #expect(!(try project.run("celery apply demo.tasks.add 1 -q && celery celeryd --burst -l error").errors.contains("MainProcess")))
    }

    @Test func `replaces pool children after so many tasks`() throws {
        let project = try Project()
        try project.task("parent.sh", "#!/bin/sh\necho $PPID\n")
        let ids = try (1...4).map { _ in try project.apply("demo.tasks.parent") }
        #expect(try project.run("celery celeryd --burst -q -c1 --max-tasks-per-child 2").status == 0)
        let children = try project.run("celery result \(ids.joined(separator: " "))").lines
        try #require(children.count == 4)
        #expect(children[0] == children[1] && children[2] == children[3] && children[1] != children[2])
    }

    @Test func `replaces pool children that have grown too large`() throws {
        let project = try Project()
        try project.task("parent.sh", "#!/bin/sh\necho $PPID\n")
        try project.startWorker("-c1 --max-memory-per-child 1")
        let children = try (1...3).map { _ in try project.run("celery apply demo.tasks.parent --wait").text }
        #expect(Set(children).count == 3)
    }

    @Test func `runs as many at a time as it is told`() throws {
        let project = try Project()
        // Each waits until the other one is there.
        try project.task("meet.sh", "#!/bin/sh\ntouch here.$1\nuntil [ -e here.$2 ]; do sleep 0.02; done\n")
        let ids = try [project.apply("demo.tasks.meet 1 2"), project.apply("demo.tasks.meet 2 1")]
        #expect(try project.run("celery celeryd --burst -q -c2").status == 0)
        #expect(try project.run("celery status \(ids.joined(separator: " "))").status == 0)
    }

    @Test func `enforces its own time limits`() throws {
        let project = try Project()
        try project.task("slow.sh", "#!/bin/sh\nexec sleep 600\n")
        let id = try project.apply("demo.tasks.slow")
        #expect(try project.run("celery celeryd --burst -q --time-limit 0.3").status == 0)
        try project.expect("celery result \(id)", Ended(errors: "TimeLimitExceeded: 0.3\n", status: 1))
    }

    @Test func `erases what waits with --discard, when somebody means it`() throws {
        let project = try Project()
        _ = try project.apply("demo.tasks.add 1")
        try project.expect(
            "celery celeryd --discard",
            Ended(errors: "celery celeryd: --discard would erase all messages waiting in celery\nhint: add --force to confirm\n", status: 64))
        let ended = try project.run("celery celeryd --discard --force --burst -l error")
        #expect(ended.status == 0)
        #expect(ended.errors.hasPrefix("discard: Erased 1 message from the queue.\n"))
        #expect(try project.run("celery queues").output == "")
    }

    @Test func `asks before it erases, on a terminal`() throws {
        let project = try Project()
        _ = try project.apply("demo.tasks.add 1")
        let no = try project.run("script -qec 'celery celeryd --discard' /dev/null", input: "n\n")
        #expect(no.output.contains("Erase all messages waiting in celery? [y/N]"))
        #expect(no.status == 0)
        #expect(try project.run("celery queues").output.contains("celery\t1\t"))
        let yes = try project.run("script -qec 'celery purge' /dev/null", input: "y\n")
        #expect(yes.output.contains("Erased 1 message from all queues."))
    }

    @Test func `an idle worker uses no processor`() throws {
        let project = try Project()
        try project.startWorker("-c1")
        #expect(try project.run("celery apply demo.tasks.add 1 -w").output == "1\n")
        let worker = try project.workerID
        let before = try project.ticksAtRest(of: worker)
        _ = try project.run("celery status --wait --timeout 1 $(celery apply demo.tasks.add 1 --countdown 60)")
        // The submission may wake it once.
        #expect(Double(try project.ticks(of: worker) - before) <= 5 * Machine.factor)
    }
}
