import CeleryCore
import Fixtures
import Testing

/// `celery queues pause` and `celery queues resume`.
@Suite(.blocking) struct QueuePauseTests {
    @Test func `a paused queue is left alone by workers of now and later, and says why`() throws {
        let project = try Project()
        try project.startWorker()
        #expect(try project.run("celery queues pause celery --reason 'disk full' --for 1h").output.hasPrefix("celery\tpaused until 2"))
        let id = try project.apply("demo.tasks.add 1")
        let line = try project.run("celery queues").lines.last ?? ""
        #expect(line.wholeMatch(of: #/celery\t1\t0\t0\t1\tpaused until .*: disk full \(\w+@.*, since .*\)/#) != nil, "\(line)")
        let paused = try JSON(parsing: project.run("celery queues --json").text)["paused"]
        #expect(paused?["reason"] == "disk full" && paused?["until"]?.stringValue != nil && paused?["by"]?.stringValue != nil)
        try project.stopWorker()
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(try project.state(of: id) == "PENDING")
        try project.expect("celery queues resume celery", Ended("celery\tresumed\n"))
        try project.expect(
            "celery queues resume celery", Ended(errors: "celery queues resume: queue 'celery' is not paused\n", status: 127))
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(try project.state(of: id) == "SUCCESS")
    }

    @Test func `warns of a queue that nothing is known of, and pauses it all the same`() throws {
        let project = try Project()
        _ = try project.apply("demo.tasks.add 1 --queue images")
        let unknown = "celery queues pause: warning: queue 'imags' has neither messages nor workers, and neither the settings nor a task name it; did you mean 'images'?\n"
        try project.expect("celery queues pause imags", Ended("imags\tpaused\n", errors: unknown))
        #expect(try project.run("celery queues --json").output.contains(#""queue":"imags""#))
        try project.task("big.sh", "#!/bin/sh\n# celery: queue=videos\n")
        for known in ["celery", "images", "videos"] { try project.expect("celery queues pause \(known)", Ended("\(known)\tpaused\n")) }
    }

    @Test func `the same at a RabbitMQ server`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.startWorker(with: place.variables())
        #expect(try place.run("celery queues pause celery --reason why").status == 0)
        #expect(eventually { project.log.contains("Queue celery is paused: why") })
        let id = try place.run("celery apply demo.tasks.add 1").text
        #expect(try place.run("celery queues --json").lines.contains { $0.contains(#""reason":"why""#) })
        try project.stopWorker()
        try project.startWorker(with: place.variables())
        #expect(try place.depth() == 1)
        #expect(try place.run("celery queues resume celery") == Ended("celery\tresumed\n"))
        #expect(try place.run("celery result --wait --timeout 30 \(id)").status == 0)
        try project.stopWorker()
        let unknown = try place.run("celery queues pause nosuch")
        #expect(unknown.output == "nosuch\tpaused\n")
        #expect(unknown.errors.hasPrefix("celery queues pause: warning: queue 'nosuch' has neither messages nor workers"))
    }
}
