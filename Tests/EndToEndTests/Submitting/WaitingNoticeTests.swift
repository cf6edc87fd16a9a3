import CeleryCore
import Fixtures
import Testing

/// What `apply --wait` and `dmap` say when nothing can happen.
@Suite(.blocking) struct WaitingNoticeTests {
    private static let nobody = "waiting: no worker consumes queue 'celery': no worker is alive\nhint: start one with celery celeryd\n"

    @Test func `says that no worker is there, once, and goes on when one comes`() throws {
        let project = try Project()
        let apply = try project.start("exec celery apply demo.tasks.add 2 3 --wait")
        let map = try project.start("seq 3 | celery dmap demo.tasks.square")
        let run = try project.start("exec celery apply demo.tasks.add 2 3 --wait -q")
        #expect(eventually { apply.said == "celery apply: " + Self.nobody })
        #expect(eventually { map.said == "celery dmap: " + Self.nobody })
        try project.startWorker()
        #expect(try apply.wait() == Ended("5\n", errors: "celery apply: " + Self.nobody))
        #expect(try map.wait() == Ended("1\n4\n9\n", errors: "celery dmap: " + Self.nobody))
        #expect(try run.wait() == Ended("5\n"))
        try project.stopWorker()
    }

    @Test func `says that other queues have workers, and which one needs one`() throws {
        let project = try Project()
        try project.startWorker()
        let waiting = try project.start("exec celery apply demo.tasks.add --queue images --wait")
        let said = "celery apply: waiting: no worker consumes queue 'images' (1 worker is alive)\nhint: start one with celery celeryd -Q images\n"
        #expect(eventually { waiting.said == said })
        waiting.signal(15)
        _ = try waiting.wait()
        try project.stopWorker()
    }

    @Test func `says that the queue is paused`() throws {
        let project = try Project()
        try project.startWorker()
        _ = try project.run("celery queues pause celery").text
        let waiting = try project.start("exec celery apply demo.tasks.add 1 --wait")
        #expect(eventually {
            waiting.said == "celery apply: waiting: queue 'celery' is paused\nhint: celery queues resume celery lets workers go on\n"
        })
        _ = try project.run("celery queues resume celery").text
        #expect(try waiting.wait().output == "1\n")
        try project.stopWorker()
    }

    private static let unknown = "waiting: no worker of queue 'celery' knows task 'other.tasks.x'\nhint: celery tasks --remote lists what workers know\n"

    @Test func `says that no worker knows the task, and nothing while a known one waits or runs`() throws {
        let project = try Project()
        try project.task("block.sh", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.05; done\necho gone\n")
        try project.startWorker()
        let running = try (1...2).map { _ in try project.start("exec celery apply demo.tasks.block --wait") }
        #expect(try eventually { try project.run("celery status --json").output.components(of: "demo.tasks.block") >= 2 })
        let waiting = try project.start("exec celery apply demo.tasks.add 1 --wait")
        let unknown = try project.start("exec celery dmap other.tasks.x 1")
        #expect(eventually { unknown.said.hasSuffix("celery dmap: " + Self.unknown) })
        try project.write("", to: "go")
        #expect(try running.map { try $0.wait() } == [Ended("gone\n"), Ended("gone\n")])
        #expect(try waiting.wait() == Ended("1\n"))
        #expect(try unknown.wait().status == 1)
        try project.stopWorker()
    }

    @Test func `the same at a RabbitMQ server, where workers are asked`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.task("block.sh", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.05; done\necho gone\n")
        let waiting = try project.start("exec celery apply demo.tasks.block --wait", with: place.variables())
        #expect(eventually {
            waiting.said == "celery apply: waiting: no worker consumes queue 'celery'\nhint: start one with celery celeryd\n"
        })
        try project.startWorker("-c1", with: place.variables())
        #expect(try eventually { try place.run("celery status --json").output.contains("demo.tasks.block") })
        let unknown = try project.start("exec celery dmap other.tasks.x 1", with: place.variables())
        #expect(eventually { unknown.said.hasSuffix("celery dmap: " + Self.unknown) })
        try project.write("", to: "go")
        #expect(try waiting.wait().output == "gone\n")
        #expect(try unknown.wait().status == 1)
        try project.stopWorker()
    }
}

extension String {
    /// How often a word occurs.
    fileprivate func components(of word: String) -> Int { ranges(of: word).count }
}
