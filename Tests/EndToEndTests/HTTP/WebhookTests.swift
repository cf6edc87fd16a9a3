import CeleryCore
import Fixtures
import Glibc
import Testing

/// Webhooks, as a user sets them up.
@Suite(.blocking) struct WebhookTests {
    private func project(_ settings: String) throws -> Project {
        let project = try Project()
        _ = try project.run("{ cat; cat celery.toml; } >new.toml && mv new.toml celery.toml", input: settings + "\n").text
        try project.task("fail.sh", "#!/bin/sh\nexit 3\n")
        return project
    }

    @Test func `a callback gets the result, also when its server was down at first`() throws {
        let first = try ScriptedHTTPServer { _, number in number == 1 ? .answer(503, ["Retry-After: 1"]) : .answer(200) }
        let project = try project("CELERY_HTTP_HOSTS = [\"127.0.0.1\"]")
        try project.startWorker()
        let id = try project.apply("demo.tasks.add 2 3 --callback \(first.url)/done")
        #expect(eventually { first.requests.count == 2 })
        let body = try JSON(parsing: try #require(first.requests.last).body)
        #expect(body["id"] == .string(id) && body["state"] == "SUCCESS" && body["result"] == 5 && body["task"] == "demo.tasks.add")
        _ = try project.run("celery apply demo.tasks.fail --wait --callback \(first.url)/failed")
        #expect(eventually { first.requests.count == 3 })
        try project.stopWorker()
        // A task that no worker has taken is told of when it is revoked, by the next worker.
        let waiting = try project.apply("demo.tasks.add 1 --callback \(first.url)/revoked")
        _ = try project.run("celery revoke \(waiting)").text
        #expect(first.requests.count == 3)
        _ = try project.run("celery celeryd --burst -q").text
        let last = try JSON(parsing: try #require(first.requests.last).body)
        #expect(first.requests.count == 4 && last["id"] == .string(waiting) && last["state"] == "REVOKED")
    }

    @Test func `a URL that makes no sense is refused, and a host that is not listed is told in the log`() throws {
        let project = try project("")
        let refused = try project.run("celery apply demo.tasks.add 2 3 --callback ftp://a/")
        #expect(refused.status == 64 && refused.errors.contains("--callback") && refused.errors.contains("write https://HOST/PATH"), "\(refused)")
        try project.startWorker()
        try project.expect("celery apply demo.tasks.add 2 3 --callback https://example.com/ --wait", Ended("5\n"))
        #expect(eventually { project.log.contains("example.com is not listed in CELERY_HTTP_HOSTS") })
        try project.stopWorker()
    }

    @Test func `the administrators are told by a webhook as they are by mail, and nothing is lost while it is down`() throws {
        let server = try ScriptedHTTPServer { _, number in number == 1 ? .answer(500) : .answer(200) }
        let project = try project("CELERY_ADMIN_WEBHOOK = \"\(server.url)/chat?token=3f7a\"")
        for _ in 0..<20 { _ = try project.run("celery apply demo.tasks.fail password=sesame -q") }
        let ended = try project.run("celery celeryd --burst -c2")
        #expect(!ended.errors.contains("3f7a"))
        _ = try project.run("celery celeryd --burst -c1 -q").text
        #expect(eventually { server.requests.count >= 2 })
        let request = try #require(server.requests.last)
        let body = try JSON(parsing: request.body)
        #expect(request.target == "/chat?token=3f7a" && body["event"] == "failure" && body["task"] == "demo.tasks.fail")
        #expect(body["text"]?.stringValue?.contains("Error: Task demo.tasks.fail") == true)
        #expect(!request.text.contains("sesame") && server.requests.count <= 4)
        #expect(try project.run("ls celery.mail/calls; celery doctor --mail").output.contains("has taken a notice"))
    }
}
