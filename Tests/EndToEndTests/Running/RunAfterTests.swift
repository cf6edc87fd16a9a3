import CeleryCore
import Fixtures
import Glibc
import Testing

/// `celery run --after`: begins when other tasks have succeeded.
@Suite(.blocking) struct RunAfterTests {
    @Test func `begins as soon as the last of several tasks has succeeded, and takes no slot before`() throws {
        let project = try Project()
        try project.startWorker("-c1")
        let first = try project.run("celery run sh -c 'until test -e go; do sleep 0.01; done; echo first >>order'").text
        let second = try project.run("celery run --after \(first) sh -c 'echo second >>order'").text
        let third = try project.run("celery run --after \(first) --after \(second) sh -c 'echo third >>order'").text
        #expect(try eventually { try project.state(of: first) == "STARTED" })
        #expect(try project.state(of: third) == "PENDING")
        // The only slot is free for others as soon as the first ends.
        _ = try project.run("touch go").text
        let before = ContinuousClock.now
        #expect(try project.run("celery status --wait \(first) \(second) \(third)").status == 0)
        // Far less than the pause after which a worker would look by itself.
        #expect(ContinuousClock.now - before < .seconds(20).onThisMachine)
        #expect(project.read("order") == "first\nsecond\nthird\n")
    }

    @Test func `while it waits, the worker's only slot runs others, and explain tells what it waits for`() throws {
        let project = try Project()
        let first = try project.run("celery run --countdown 1h true").text
        let second = try project.run("celery run --after \(first) echo done").text
        try project.startWorker("-c1")
        #expect(try project.run("celery run --wait echo between").text == "between")
        #expect(try eventually { try project.run("celery explain \(second)").output.contains("it begins when task \(first) has succeeded, which is PENDING now") })
        #expect(try project.run("celery explain --json \(second) | jq -r '.causes[0].kind'").text == "after")
        // Not one log line for each look.
        #expect(!project.log.contains("celery.run: echo done"))
    }

    @Test func `a wait survives the worker, even one that is killed`() throws {
        let project = try Project()
        let first = try project.run("celery run sh -c 'until test -e go; do sleep 0.01; done'").text
        let second = try project.run("celery run --after \(first) echo done").text
        try project.startWorker()
        #expect(try eventually { try project.state(of: first) == "STARTED" })
        try project.signalWorker(SIGKILL)
        _ = try project.run("touch go").text
        try project.startWorker()
        #expect(try project.run("celery result --wait \(second)").text == "done")
    }

    @Test func `a task that fails or is revoked takes along what comes after it`() throws {
        let project = try Project()
        let bad = try project.run("celery run sh -c 'exit 3'").text
        let next = try project.run("celery run --after \(bad) touch ran").text
        let last = try project.run("celery run --after \(next) touch ran").text
        let withdrawn = try project.run("celery run --countdown 1h true").text
        let other = try project.run("celery run --after \(withdrawn) touch ran").text
        try project.startWorker()
        #expect(try project.run("celery status --wait \(bad) \(next) \(last)").status == 125)
        #expect(try project.run("celery result \(next)").errors == "TaskRevokedError: task \(bad), which must succeed before, failed: sh returned exit status 3\n")
        #expect(try project.run("celery result \(last)").errors == "TaskRevokedError: task \(next), which must succeed before, was revoked\n")
        #expect(try project.run("celery explain \(next)").output.contains("was withdrawn: task \(bad), which must succeed before, failed"))
        _ = try project.run("celery revoke \(withdrawn)").text
        #expect(try project.run("celery run --wait --after \(withdrawn) true").status == 125)
        #expect(try project.run("celery result --wait --timeout 30 \(other)").status == 125)
        // Those that are submitted too late end in the same way.
        #expect(try project.run("celery run --wait --after \(bad) touch ran").status == 125)
        #expect(!project.exists("ran"))
    }

    @Test func `comes after tasks of any kind, at once if they have succeeded`() throws {
        let project = try Project()
        try project.startWorker()
        let sum = try project.apply("demo.tasks.add 1 2")
        #expect(try project.run("celery result --wait \(sum)").text == "3")
        #expect(try project.run("celery run --wait --after \(sum) echo then").text == "then")
    }

    @Test func `can be revoked and expire while it waits`() throws {
        let project = try Project()
        let first = try project.run("celery run --countdown 1h true").text
        try project.startWorker()
        let one = try project.run("celery run --after \(first) touch ran").text
        // A worker has postponed it.
        #expect(try eventually { try project.run("sqlite3 celery.db 'SELECT count(*) FROM scheduled'").text == "2" })
        _ = try project.run("celery revoke \(one)").text
        #expect(try project.state(of: one) == "REVOKED")
        _ = try project.run("celery revoke \(first)").text
        #expect(try project.run("celery queues --json | jq -s 'map(.ready + .scheduled) | add'").text == "0")
        #expect(!project.exists("ran"))
    }

    @Test func `a task that nobody knows any more is a reason to give up`() throws {
        let project = try Project()
        let first = try project.run("celery run --ignore-result true").text
        let second = try project.run("celery run --after \(first) touch ran").text
        // In this order, the second is looked at only after the first has left no trace.
        _ = try project.run("celery celeryd --burst -q -c1").text
        _ = try project.run("sqlite3 celery.db 'UPDATE scheduled SET due = 0; UPDATE prerequisite SET due = 0'")
        _ = try project.run("celery celeryd --burst -q -c1").text
        let ended = try project.run("celery result \(second)")
        #expect(ended == Ended(errors: "TaskRevokedError: nothing is known of task \(first), which must succeed before\n", status: 125))
    }
}
