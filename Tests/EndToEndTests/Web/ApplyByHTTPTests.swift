import CeleryCore
import Fixtures
import Testing

/// Submitting tasks to `celery web` by curl.
@Suite(.blocking) struct ApplyByHTTPTests {
    private static let token = "0123456789abcdef0123456789abcdef"
    /// Headers of a program that comes through a proxy.
    private static let headers = "-H 'X-Forwarded-For: 192.0.2.1' -H 'Content-Type: application/json' -H 'Authorization: Bearer \(token)'"

    private func project() throws -> Project {
        let project = try Project()
        try project.write("@shop:\(Hexadecimal.text(SHA256.hash(Self.token.utf8))):apply=demo.tasks.a*\n", to: "web.auth", mode: "600")
        return project
    }

    private func apply(_ site: Site, _ task: String, _ body: String, key: String? = nil) throws -> (status: Int, body: String) {
        try site.ask("/celery/apply/\(task)/", "\(Self.headers) \(key.map { "-H 'Idempotency-Key: \($0)' " } ?? "")-d '\(body)'")
    }

    private func id(_ answer: (status: Int, body: String)) throws -> String {
        #expect(answer.status == 200, "\(answer)")
        let json = try JSON(parsing: answer.body)
        #expect(json["ok"] == "true")
        return try #require(json["task_id"]?.stringValue)
    }

    @Test func `a program submits a task, follows it to its end, and may send the request again`() throws {
        let project = try project()
        let site = try Site(project, "--auth web.auth --apply 'demo.tasks.*'")
        let headers = try site.headers("/celery/apply/demo.tasks.add", "\(Self.headers) -H 'Idempotency-Key: first' -d '{\"args\": [2, 3]}'")
        let location = try #require(headers.split(whereSeparator: \.isNewline).first { $0.hasPrefix("location: ") }).dropFirst("location: ".count)
        let id = try id(try apply(site, "demo.tasks.add", #"{"args": [2, 3]}"#, key: "first"))
        #expect(location == "/celery/\(id)/status/")
        try project.startWorker()
        let task = try #require(try site.json("\(location)?wait=30", Self.headers)["task"])
        #expect(task["status"] == "SUCCESS" && task["result"] == 5)
        try site.stop()
        // The key holds over a restart, and after the task has run.
        let next = try Site(project, "--auth web.auth --apply 'demo.tasks.*'")
        #expect(try self.id(try apply(next, "demo.tasks.add", #"{"args": [2, 3]}"#, key: "first")) == id)
        #expect(try project.run("celery list --json -n 100").lines.count == 1)
        #expect(project.read("web.log").contains("shop from 127.0.0.1 (uid "))
        #expect(!project.read("web.log").contains(Self.token))
        try next.stop()
    }

    @Test func `a key is that of one task and one body`() throws {
        let project = try project()
        let site = try Site(project, "--auth web.auth --apply 'demo.tasks.*'")
        let first = try id(try apply(site, "demo.tasks.add", #"{"args": [2, 3]}"#, key: "k"))
        let changed = try apply(site, "demo.tasks.add", #"{"args": [2, 4]}"#, key: "k")
        #expect(changed.status == 422 && changed.body.contains("another body"), "\(changed)")
        #expect(try id(try apply(site, "demo.tasks.also", #"{"args": [2, 3]}"#, key: "k")) != first)
        #expect(try id(try apply(site, "demo.tasks.add", #"{"args": [2, 3]}"#, key: "k")) == first)
        #expect(try project.run("celery list --json -n 100").lines.count == 2)
        try site.stop()
    }

    @Test func `two servers that get one key at the same moment send one task`() throws {
        let project = try project()
        let first = try Site(project, "--auth web.auth --apply 'demo.tasks.*'")
        _ = try project.run("celery web --detach --bind 127.0.0.1:0 -p web2.pid -f web2.log --auth web.auth --apply 'demo.tasks.*'").text
        let line = try #require(project.read("web2.log").split(separator: "\n").last { $0.contains("Answering at ") })
        let second = try #require(line.split(separator: " ").last).dropLast()
        let ids = try project.run("""
            for n in 1 2 3 4 5 6 7 8; do
              for site in \(first.address) \(second); do
                (answer=$(curl -sS -m 60 \(Self.headers) -H "Idempotency-Key: $n" -d {} "$site/celery/apply/demo.tasks.add/") && echo "$answer") &
              done
            done
            wait
            """).lines
        #expect(ids.count == 16 && Set(ids).count == 8, "\(ids)")
        #expect(try project.run("celery list --json -n 100").lines.count == 8)
        try first.stop()
        _ = try project.run("celery web --stop -p web2.pid").text
    }

    @Test func `what nobody may submit is not submitted`() throws {
        let project = try project()
        let site = try Site(project, "--auth web.auth --apply 'demo.tasks.*' --apply '*'")
        #expect(try apply(site, "demo.tasks.sub", "{}").status == 403)
        #expect(try apply(site, "celery.run", "{}").status == 403)
        // Whoever is on this machine needs a token, too.
        #expect(try site.ask("/celery/apply/demo.tasks.add/", "-X POST -H 'Sec-Fetch-Site: same-origin'").status == 401)
        #expect(try site.ask("/api/tasks", Self.headers).status == 403)
        #expect(try project.run("celery list --json -n 100").lines.isEmpty)
        try site.stop()
    }

    @Test func `it does not start where nobody could submit`() throws {
        let project = try Project()
        for options in ["--apply 'demo.*'", "--apply 'demo.*' --auth web.auth"] {
            try project.write("@ci:\(Hexadecimal.text(SHA256.hash("x".utf8))):act\n", to: "web.auth", mode: "600")
            let ended = try project.run("celery web --bind 127.0.0.1:0 \(options)")
            #expect(ended.status == 78 && ended.errors.contains("celery web: tasks can be submitted only with a token that has the right to"), "\(ended)")
            #expect(ended.errors.contains("hint: add a line @NAME:SHA256:apply=PATTERN"))
        }
        let ended = try project.run("celery web --apply 'celery.*'")
        #expect(ended.status == 64 && ended.errors.contains("never celery.*"))
    }
}
