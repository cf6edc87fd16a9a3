import Fixtures
import Glibc
import Testing

// What happens to the child and the worker.
extension FateTests {
    @Test(arguments: FateCase.all) func `its pool child dies`(_ fate: FateCase) throws {
        let run = try FateRun(fate, "kill -9 $PPID; sleep 600", options: "crash_limit=2")
        try run.start()
        let id = try run.apply()
        let ended = try run.result(of: id)
        #expect(ended.status == 126, "\(ended)")
        #expect(ended.errors.hasPrefix("WorkerLostError: "), "\(ended)")
        #expect(try run.isEmpty())
        #expect(run.runs.map { $0.prefix(1) } == (fate.isLate ? ["1", "2"] : ["1"]))
    }

    @Test(arguments: FateCase.all) func `the worker is killed`(_ fate: FateCase) throws {
        let run = try FateRun(fate, FateRun.waits)
        try run.start()
        let id = try run.apply()
        #expect(run.hasBegun())
        try run.signal(SIGKILL)
        try run.start(name: "v")
        if fate.isLate {
            #expect(run.hasBegun(times: 2))
            try run.go()
            #expect(try run.result(of: id) == Ended("attempt 2\n"))
        } else {
            try run.go()
            #expect(try run.isEmpty())
            #expect(run.runs == ["1 0"])
            #expect(try run.project.state(of: id) == "STARTED")
        }
    }

    @Test(arguments: FateCase.all) func `the worker is stopped, and goes on`(_ fate: FateCase) throws {
        let run = try FateRun(fate, FateRun.waits)
        try run.start()
        let id = try run.apply()
        #expect(run.hasBegun())
        try run.halt()
        try run.start("-n v", name: "v")
        if fate.isLate {
            // When its lease, or the patience of RabbitMQ, has run out.
            #expect(eventually { run.runs.count == 2 } || run.hasBegun(times: 2))
            try run.go()
            #expect(try run.result(of: id) == Ended("attempt 2\n"))
            try run.signal(SIGCONT)
            #expect(eventually { run.project.read("w.log").contains("raised") || run.project.read("w.log").contains("processed: attempt 1") })
            try run.signal(SIGTERM)
            #expect(try run.waitForEnd())
        } else {
            try run.go()
            #expect(!run.project.read("v.log").contains("Got task"))
            try run.signal(SIGCONT)
        }
        #expect(try run.result(of: id) == Ended(fate.isLate ? "attempt 2\n" : "attempt 1\n"))
        #expect(run.runs.count == (fate.isLate ? 2 : 1))
    }

    @Test(arguments: FateCase.all) func `the worker is shut down warm`(_ fate: FateCase) throws {
        let run = try FateRun(fate, FateRun.waits)
        try run.start("--prefetch 2")
        let id = try run.apply()
        #expect(run.hasBegun())
        let next = try run.apply()
        try run.signal(SIGTERM)
        #expect(eventually { run.project.read("w.log").contains("finishing running tasks") })
        try run.go()
        #expect(try run.waitForEnd())
        #expect(try run.result(of: id) == Ended("attempt 1\n"))
        // What it only held was never tried.
        #expect(try run.isEmpty())
        #expect(try run.result(of: next).status == 0)
        #expect(run.runs.count == 2)
    }

    @Test(arguments: FateCase.all) func `the worker is shut down cold`(_ fate: FateCase) throws {
        let run = try FateRun(fate, FateRun.waits)
        try run.start()
        let id = try run.apply()
        #expect(run.hasBegun())
        try run.signal(SIGQUIT)
        #expect(try run.waitForEnd())
        #expect(eventually { Leftovers.processes(of: run.project.folder).isEmpty })
        try run.go()
        if fate.isLate {
            #expect(try run.isEmpty())
            #expect(try run.result(of: id) == Ended("attempt 2\n"), "\(run.runs) \(run.project.log)")
        } else {
            #expect(try run.result(of: id).status == 126)
            #expect(try run.isEmpty())
            #expect(run.runs == ["1 0"])
        }
    }
}
