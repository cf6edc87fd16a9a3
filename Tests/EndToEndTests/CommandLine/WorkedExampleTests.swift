import Fixtures
import Testing

/// What a first user does.
@Suite(.blocking) struct WorkedExampleTests {
    @Test func `starts a worker and prints what a task returned, in one line`() throws {
        let project = try Project()
        let ended = try project.run("celery celeryd --detach -p w.pid -f w.log && celery apply demo.tasks.add 2 3 --wait")
        #expect(ended == Ended("5\n"))
    }

    @Test func `maps a thousand items in their order with a pool of its own`() throws {
        let project = try Project()
        let squares = (1...1_000).map { "\($0 * $0)\n" }.joined()
        try project.expect("seq 1000 | celery dmap demo.tasks.square -j 2", Ended(squares))
        #expect(!project.exists("celeryd.pid"))
    }

    @Test func `the tasks of a new project do what they say`() throws {
        let project = try Project()
        try project.startWorker()
        #expect(try project.run("celery apply demo.tasks.shout text=hello --wait").output == "HELLO!\n")
        try project.expect("celery apply demo.tasks.flaky --wait", Ended("worked after 2 retries\n"))
    }

    @Test func `leaves nothing running`() throws {
        let project = try Project()
        try project.startWorker()
        #expect(try project.run("celery apply demo.tasks.add 1 1 -w").output == "2\n")
        try project.stopWorker()
        #expect(eventually { Leftovers.processes(of: project.folder).isEmpty })
        #expect(!project.exists("w.pid"))
    }
}
