import Fixtures
import Testing

/// The options of `celery apply` that say when, where and how a task runs.
@Suite(.blocking) struct ApplyOptionTests {
    @Test func `runs it later`() throws {
        let project = try Project()
        try project.task("when.sh", "#!/bin/sh\ndate +%s%N\n")
        try project.startWorker()
        let started = try project.run("date +%s%N").text
        let ended = try project.run("celery apply demo.tasks.when --countdown 1 --wait").text
        let nanoseconds = try #require(Int(ended)) - (try #require(Int(started)))
        #expect(nanoseconds >= 1_000_000_000)
        #expect(nanoseconds < 10_000_000_000)
    }

    @Test func `keeps what is for tomorrow`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add 1 --eta 'tomorrow 06:00'")
        let tomorrow = try project.run("date -d 'tomorrow 06:00' +%Y-%m-%dT%H:%M:%S").text
        #expect(try project.run("celery status -l \(id)").output.contains("\teta=\(tomorrow)"))
        #expect(try project.run("celery queues").output.contains("\ncelery\t0\t1\t0\t0\n"))
    }

    @Test func `does not run what has expired`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add 1 --expires 0.01")
        try project.startWorker()
        try project.expect("celery result --wait \(id)", Ended(errors: "TaskRevokedError: expired\n", status: 125))
        try project.expect("celery status \(id)", Ended("\(id)\tREVOKED\n", status: 125))
    }

    @Test func `sends it to a queue`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add 1 --queue images")
        #expect(try project.run("celery queues").output.contains("images\t1\t0\t0\t0\n"))
        try project.startWorker()
        #expect(try project.run("celery result --timeout 0.3 \(id)").status == 124)
        try project.stopWorker()
        try project.startWorker("-Q celery,images")
        try project.expect("celery result --wait \(id)", Ended("1\n"))
    }

    @Test func `runs higher priorities first`() throws {
        let project = try Project()
        try project.task("note.sh", "#!/bin/sh\necho \"$1\" >>order\n")
        for (name, priority) in [("low", 1), ("high", 9), ("none", 0), ("highest", 255)] {
            _ = try project.apply("demo.tasks.note \(name) --priority \(priority)")
        }
        #expect(try project.run("celery celeryd --burst -c1 -q").status == 0)
        #expect(project.read("order") == "highest\nhigh\nlow\nnone\n")
    }

    /// Seconds from its start in which a program has by all means done what comes first in it: whole ones, which print as given.
    private static let first = Int((2 * Machine.factor).rounded(.up))

    @Test func `kills it at its time limit`() throws {
        let project = try Project()
        try project.task("slow.sh", "#!/bin/sh\nsleep 600 & echo $! >pid; wait\n")
        try project.startWorker()
        let ended = try project.run("celery apply demo.tasks.slow --time-limit \(Self.first) --wait")
        #expect(ended == Ended(errors: "TimeLimitExceeded: \(Self.first)\n", status: 1))
        #expect(try project.run("kill -0 $(cat pid)").status != 0)
    }

    @Test func `tells it to stop at its soft time limit`() throws {
        let project = try Project()
        try project.task("slow.sh", "#!/bin/bash\ntrap 'echo tidied >note; exit 1' TERM\nsleep 600 & wait\n")
        try project.startWorker()
        let ended = try project.run("celery apply demo.tasks.slow --soft-time-limit \(Self.first) --time-limit 60 --wait")
        #expect(ended == Ended(errors: "SoftTimeLimitExceeded: \(Self.first)\n", status: 1))
        #expect(project.read("note") == "tidied\n")
    }

    @Test func `bounds and times its retries`() throws {
        let project = try Project()
        try project.task("never.sh", "#!/bin/sh\n# celery: max_retries=9 retry_delay=1h\necho >>tries; exit 75\n")
        try project.startWorker()
        let ended = try project.run("celery apply demo.tasks.never --max-retries 2 --retry-delay 0.05 --wait")
        #expect(ended == Ended(errors: "CalledProcessError: demo.tasks.never returned exit status 75\n", status: 75))
        #expect(project.read("tries") == "\n\n\n")
    }

    @Test func `stores no result when told so`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add 1 --ignore-result")
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        try project.expect("celery status \(id)", Ended("\(id)\tUNKNOWN\n", status: 127))
    }

    @Test func `adds headers that the program reads`() throws {
        let project = try Project()
        try project.task("header.py", """
            #!/usr/bin/env python3
            import json, sys
            request = json.load(sys.stdin)
            print(request["headers"]["colour"], request["headers"]["size"] + 1)

            """)
        try project.startWorker()
        #expect(try project.run("celery apply demo.tasks.header --header colour=red --header size=4 --wait").output == "red 5\n")
    }

    @Test func `sends other tasks when it is done`() throws {
        let project = try Project()
        try project.task("note.sh", "#!/bin/sh\necho \"$CELERY_PARENT_ID $*\" >>linked\n")
        try project.task("fail.sh", "#!/bin/sh\nexit 1\n")
        try project.startWorker()
        let good = try project.apply("demo.tasks.add 2 3 --link demo.tasks.note --link-error demo.tasks.add")
        #expect(eventually { project.read("linked") == "\(good) 5\n" })
        let bad = try project.apply("demo.tasks.fail --link demo.tasks.add --link-error demo.tasks.note")
        #expect(eventually { project.read("linked") == "\(good) 5\n\(bad) \(bad)\n" })
    }

    @Test func `makes a task that another one submits its child`() throws {
        let project = try Project()
        try project.task("parent.sh", "#!/bin/sh\ncelery apply demo.tasks.child --wait\n")
        try project.task("child.sh", "#!/bin/sh\necho \"$CELERY_TASK_NAME $CELERY_PARENT_ID $CELERY_ROOT_ID\"\n")
        try project.startWorker()
        let ended = try project.run("celery apply demo.tasks.parent --task-id top --wait")
        #expect(ended == Ended("demo.tasks.child top top\n"))
    }
}
