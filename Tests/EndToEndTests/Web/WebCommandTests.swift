import CeleryCore
import Fixtures
import Glibc
import Testing

/// `celery web` as a daemon, its metrics and its API.
@Suite(.blocking) struct WebCommandTests {
    @Test func `starts in the background, is found, starts again with new settings, and stops`() throws {
        let project = try Project()
        let site = try Site(project)
        #expect(try site.ask("/healthcheck") == (200, "OK"))
        #expect(try project.run("celery web --is-running -p web.pid").status == 0)
        let second = try project.run("celery web --bind \(site.address.dropFirst("http://".count))")
        #expect(second.status == 73 && second.errors.contains("celery web: cannot listen on 127.0.0.1:"), "\(second)")
        try site.stop()
        #expect(try project.run("celery web --is-running -p web.pid").status == 1)
        #expect(try project.run("curl -sS -m 5 \(site.address)/healthcheck").status == 7)
    }

    @Test func `a server that nobody asks uses next to no processor time`() throws {
        let project = try Project()
        let site = try Site(project)
        let server = try #require(Int32(project.read("web.pid").filter(\.isNumber)))
        let before = try project.ticksAtRest(of: server)
        _ = try project.run("sleep 3")
        #expect(Double(try project.ticks(of: server) - before) < 10 * Machine.factor)
        try site.stop()
    }

    @Test func `serves on a Unix socket, which goes away with it`() throws {
        let project = try Project()
        let running = try project.start("exec celery web --bind unix:web.sock")
        #expect(eventually { running.said.contains("answers at unix:") }, "\(running.said)")
        #expect(try project.run("curl -sS --unix-socket web.sock http://localhost/healthcheck").output == "OK")
        // No browser comes this way.
        let revoked = try project.run("curl -sS --unix-socket web.sock -X POST http://localhost/api/task/revoke/nobody")
        #expect(revoked.output == #"{"message":"Revoked 'nobody'"}"#)
        running.signal(SIGTERM)
        #expect(try running.wait().status == 0)
        #expect(!project.exists("web.sock"))
    }

    @Test func `metrics are those of celery stats --prometheus, and outlive the server`() throws {
        let project = try Project()
        let batch = (1...20).map { #"{"task": "demo.tasks.add", "args": [\#($0), 1]}"# }.joined(separator: "\n")
        _ = try project.run("celery apply --batch -", input: batch).text
        let before = try project.run("celery stats --prometheus").lines
        #expect(before.contains(#"celery_queue_length{queue_name="celery"} 20"#))
        #expect(before.contains { $0.hasPrefix(#"celery_queue_oldest_seconds{queue="celery"} "#) })
        _ = try project.run("celery celeryd --burst -s -c2").text
        let line = #"celery_task_succeeded_total{name="demo.tasks.add",hostname="generic",queue_name="celery"} 20"#
        #expect(try project.run("celery stats --prometheus").lines.contains(line))
        for _ in 0..<2 {
            let site = try Site(project)
            #expect(try site.ask("/metrics").body.split(separator: "\n").map(String.init).contains(line))
            #expect(try site.headers("/metrics", "-H 'Accept: application/openmetrics-text'").contains("application/openmetrics-text"))
            try site.stop()
        }
        #expect(try project.run("celery stats --prometheus --watch").status == 64)
    }

    @Test func `Flower's API lists, shows, submits and revokes tasks`() throws {
        let project = try Project()
        try project.startWorker()
        let site = try Site(project)
        let post = "-X POST -H 'Sec-Fetch-Site: same-origin' -H 'Content-Type: application/json'"
        let applied = try site.json("/api/task/apply/demo.tasks.add", "\(post) -d '{\"args\": [2, 3]}'")
        let id = try #require(applied["task-id"]?.stringValue)
        #expect(applied["state"] == "SUCCESS" && applied["result"] == 5)
        #expect(try site.json("/api/task/result/\(id)?timeout=10")["result"] == 5)
        let info = try site.json("/api/task/info/\(id)")
        #expect(info["uuid"] == .string(id) && info["name"] == "demo.tasks.add" && info["args"] == "(2, 3)" && info["result"] == "5")
        #expect(try site.json("/api/tasks?limit=10&state=SUCCESS")[id]?["state"] == "SUCCESS")
        #expect(try site.json("/api/tasks?taskname=demo.tasks.other").objectValue?.isEmpty == true)
        #expect(try site.json("/api/task/types")["task-types"]?.arrayValue?.contains("demo.tasks.add") == true)
        #expect(try site.json("/api/queues/length")["active_queues"]?.arrayValue?.contains { $0["name"] == "celery" } == true)
        let workers = try #require(try site.json("/api/workers?refresh=1").objectValue)
        #expect(workers.count == 1 && workers.members[0].value["registered"] != nil)
        #expect(try site.json("/api/workers?status=1").objectValue?.members.first?.value == true)

        let later = try #require(try site.json("/api/task/async-apply/demo.tasks.add", "\(post) -d '{\"args\": [1, 1], \"countdown\": 3600}'")["task-id"]?.stringValue)
        #expect(try site.ask("/api/task/revoke/\(later)", post).status == 200)
        #expect(try project.state(of: later) == "REVOKED")
        #expect(try site.ask("/api/task/rate-limit/demo.tasks.add?ratelimit=5/s", post).status == 200)
        for (path, body, status) in [
            ("apply/demo.tasks.missing", "{}", 404), ("async-apply/demo.tasks.add", "[]", 400), ("async-apply/demo.tasks.add", "{\"args\": 1}", 400),
            ("async-apply/demo.tasks.add", "{\"quue\": \"x\"}", 400), ("async-apply/demo.tasks.add", "{", 400), ("send-task/celery.backend_cleanup", "{}", 404),
            ("rate-limit/demo.tasks.add?ratelimit=often", "", 400), ("revoke/\(id)?signal=NONE", "", 400),
        ] {
            #expect(try site.ask("/api/task/\(path)", "\(post) -d '\(body)'").status == status, "\(path) \(body)")
        }
        try site.stop()
    }

    @Test func `a thousand listeners are told at once, and cost little memory`() throws {
        let project = try Project()
        let site = try Site(project)
        let pid = project.read("web.pid").filter(\.isNumber)
        func resident() throws -> Int {
            Int(try project.run("awk '/VmRSS/ {print $2}' /proc/\(pid)/status").text) ?? 0
        }
        let id = try project.apply("demo.tasks.add 2 3")
        _ = try site.ask("/celery/\(id)/status/")
        let before = try resident()
        // The connections are ours, too.
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let connections = try (0..<1_000).map { _ in try RawConnection(port: try site.port) }
        for connection in connections {
            connection.send("GET /celery/\(id)/status/ HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        }
        for connection in connections { #expect(try connection.receive { $0.contains("\n\n") }.contains("PENDING")) }
        let grown = try resident() - before
        #expect(grown < 20 << 10, "\(grown) kB")
        _ = try project.run("celery celeryd --burst").text
        for connection in connections { #expect(try connection.receive { $0.contains("SUCCESS") }.contains("SUCCESS")) }
        try site.stop()
    }
}
