import CeleryCore
import Fixtures
import Glibc
import Testing

/// The status URL of `celery web`.
@Suite(.blocking) struct StatusURLTests {
    @Test func `tells of a task from its submission to its end`() throws {
        let project = try Project()
        let site = try Site(project)
        let id = try project.apply("demo.tasks.add 2 3")
        #expect(try site.json("/celery/\(id)/status/")["task"]?["status"] == "PENDING")
        #expect(try site.json("/celery/\(id)/done/") == ["task": ["id": .string(id), "executed": false]])
        try project.startWorker()
        let task = try #require(try site.json("/celery/\(id)/status/?wait=30")["task"])
        #expect(task["status"] == "SUCCESS" && task["result"] == 5 && task["attempt"] == 1 && task["id"] == .string(id))
        // With and without the final slash, as the routes of the original.
        #expect(try site.json("/celery/\(id)/done") == ["task": ["id": .string(id), "executed": true]])
        #expect(try site.json("/celery/tasks/")["regular"]?.arrayValue?.contains("demo.tasks.add") == true)
        #expect(try site.json("/celery/tasks/")["periodic"] == "")
        try site.stop()
    }

    @Test func `tells why a task failed`() throws {
        let project = try Project()
        try project.task("fail", "#!/bin/sh\necho broken >&2\nexit 3\n")
        let id = try project.apply("demo.tasks.fail")
        _ = try project.run("celery celeryd --burst").text
        let site = try Site(project)
        let task = try #require(try site.json("/celery/\(id)/status/")["task"])
        #expect(task["status"] == "FAILURE" && task["exc"] == "subprocess.CalledProcessError")
        #expect(task["result"]?.stringValue?.hasPrefix("CalledProcessError(3, ") == true)
        #expect(task["traceback"]?.stringValue?.contains("broken") == true)
        try site.stop()
        let hiding = try Site(project, with: ["CELERY_WEB_HIDE_RESULTS": "yes"])
        #expect(try !hiding.ask("/celery/\(id)/status/").body.contains("broken"))
        try hiding.stop()
    }

    @Test func `an unknown id is PENDING, and missing only on request`() throws {
        let site = try Site(try Project())
        let (status, body) = try site.ask("/celery/nobody/status/")
        #expect(status == 200 && body.contains("PENDING"))
        #expect(try site.ask("/celery/nobody/status/?strict=1").status == 404)
        #expect(try site.ask("/celery/no%20body/status/").status == 404)
        #expect(try site.ask("/celery/nobody/status/?callback=f").status == 400)
        #expect(try site.ask("/celery/nobody/status/?_=1764442000123").status == 200)
        try site.stop()
    }

    @Test func `a finished task has a tag, by which nothing is sent twice, and HEAD sends nothing`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add 2 3")
        let site = try Site(project)
        #expect(try !site.headers("/celery/\(id)/status/").contains("etag:"))
        _ = try project.run("celery celeryd --burst").text
        let headers = try site.headers("/celery/\(id)/status/?wait=30")
        #expect(headers.contains("cache-control: no-store") && headers.contains("x-content-type-options: nosniff"))
        let tag = try #require(headers.split(separator: "\r\n").first { $0.hasPrefix("etag: ") }).dropFirst("etag: ".count)
        #expect(try site.ask("/celery/\(id)/status/", "-H 'If-None-Match: \(tag)'").status == 304)
        #expect(try site.ask("/celery/\(id)/status/", "-I").body.contains("200 OK"))
        try site.stop()
    }

    @Test func `an event stream has an event for each state, and ends with the task`() throws {
        let project = try Project()
        try project.task("steps", "#!/bin/sh\nfor i in 1 2 3; do celery self progress $i/3 step; sleep 1; done\necho 7\n")
        let site = try Site(project)
        let id = try project.apply("demo.tasks.steps")
        let listening = try project.start("curl -sSN -m 60 -H 'Accept: text/event-stream' \(site.address)/celery/\(id)/status/")
        #expect(eventually { listening.printed.contains("PENDING") }, "\(listening.said)")
        try project.startWorker()
        let ended = try listening.wait()
        let events = try ended.lines.filter { $0.hasPrefix("data: ") }.map { try JSON(parsing: String($0.dropFirst("data: ".count))) }
        let states = events.compactMap { $0["task"]?["status"]?.stringValue }
        #expect(states.first == "PENDING" && states.contains("PROGRESS") && states.last == "SUCCESS", "\(states)")
        #expect(events.last?["task"]?["result"] == 7)
        // A browser connects again, and is told to stop.
        let last = try #require(ended.lines.first { $0.hasPrefix("id: ") }).dropFirst("id: ".count)
        #expect(try site.ask("/celery/\(id)/status/", "-H 'Accept: text/event-stream' -H 'Last-Event-ID: \(last)'").status == 204)
        try site.stop()
    }

    @Test func `a long poll that is in vain ends after its time, and at the latest with the server`() throws {
        let project = try Project()
        let site = try Site(project)
        let id = try project.apply("demo.tasks.add 2 3")
        #expect(try site.ask("/celery/\(id)/status/?wait=1").body.contains("PENDING"))
        let polling = try project.start("curl -sS -m 60 '\(site.address)/celery/\(id)/status/?wait=60'")
        let listening = try project.start("curl -sSN -m 60 -H 'Accept: text/event-stream' \(site.address)/celery/\(id)/status/")
        #expect(eventually { listening.printed.contains("PENDING") })
        try site.stop()
        _ = try polling.wait()
        _ = try listening.wait()
    }
}
