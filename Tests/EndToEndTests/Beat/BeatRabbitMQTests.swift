import Fixtures
import Glibc
import Testing

/// `celery beat` at a real RabbitMQ server.
@Suite(.blocking) struct BeatRabbitMQTests {
    @Test func `of two one sends, the other takes over, and a worker runs each run once`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.task("note.sh", "#!/bin/sh\n# celery: every=1s\necho \"$CELERY_TASK_ID\" >>\"\(project.path)/ran\"\n")
        try project.startWorker(with: place.variables())
        try project.startBeat("a", with: place.variables())
        try project.startBeat("b", with: place.variables())
        #expect(eventually { project.sent("a").count >= 2 })
        let status = try place.run("celery beat status")
        #expect(status.status == 0, "\(status)")
        #expect(try place.run("celery beat pause demo.tasks.note --for 1h").status == 0)
        #expect(eventually { project.read("a.log").contains("Paused demo.tasks.note") })
        #expect(try place.run("celery beat resume demo.tasks.note").status == 0)
        let count = project.sent("a").count
        #expect(eventually { project.sent("a").count > count })
        kill(try project.beatID("a"), SIGKILL)
        #expect(eventually { project.sent("b").count >= 2 })
        _ = try place.run("celery beat --stop -p b.pid").text
        let ids = Set(project.sent("a") + project.sent("b"))
        #expect(eventually { Set(project.read("ran").split(separator: "\n").map(String.init)).isSuperset(of: ids) })
        let ran = project.read("ran").split(separator: "\n").map(String.init)
        #expect(Set(ran).count == ran.count)
        #expect(try place.run("celery beat status").status == 69)
        try project.stopWorker()
    }
}
