import CeleryCore
import Fixtures
import Testing

/// What has gone wrong with others' dashboards, tried on `celery web`.
@Suite(.blocking) struct WebAttackTests {
    private static let token = "0123456789abcdef0123456789abcdef"

    private func protected(_ options: String = "") throws -> Site {
        let project = try Project()
        let hash = Hexadecimal.text(SHA256.hash(Self.token.utf8))
        let reading = Hexadecimal.text(SHA256.hash("reading".utf8))
        try project.write("@ci:\(hash):act\n@grafana:\(reading)\n", to: "web.auth", mode: "600")
        return try Site(project, "--auth web.auth \(options)")
    }

    @Test func `a page whose name points to this machine gets nothing (DNS rebinding)`() throws {
        let site = try Site(try Project())
        for path in ["/metrics", "/healthcheck", "/celery/x/status/", "/api/tasks"] {
            #expect(try site.ask(path, "-H 'Host: evil.example:5555'").status == 421, "\(path)")
        }
        try site.stop()
    }

    @Test func `a page of another site cannot act, and cannot read`() throws {
        let site = try Site(try Project())
        let id = try site.project.apply("demo.tasks.add 1 1")
        for header in ["Sec-Fetch-Site: cross-site", "Origin: http://evil.example", "Origin: null", "X-Nothing: 1"] {
            #expect(try site.ask("/api/task/revoke/\(id)", "-X POST -H '\(header)'").status == 403, "\(header)")
        }
        #expect(try site.ask("/api/task/revoke/\(id)").status == 405)
        #expect(try site.project.state(of: id) == "PENDING")
        #expect(try !site.headers("/celery/\(id)/status/", "-H 'Origin: http://evil.example'").contains("access-control"))
        #expect(try site.ask("/api/task/revoke/\(id)", "-X POST -H 'Sec-Fetch-Site: same-origin'").status == 200)
        #expect(try site.project.state(of: id) == "REVOKED")
        #expect(site.project.read("web.log").contains("(uid "))
        try site.stop()
    }

    @Test func `whoever comes through a proxy needs a token, and a token has its rights`() throws {
        let site = try protected()
        let proxied = "-H 'X-Forwarded-For: 192.0.2.1'"
        #expect(try site.ask("/metrics", proxied).status == 401)
        #expect(try site.ask("/api/nothing", proxied).status == 401)
        #expect(try site.ask("/celery/x/status/", proxied).status == 401)
        #expect(try site.ask("/metrics", "\(proxied) -H 'Authorization: Bearer wrong'").status == 401)
        #expect(try site.ask("/metrics", "\(proxied) -H 'Authorization: Bearer reading'").status == 200)
        let apply = "-X POST -H 'Content-Type: application/json' -d '{\"args\": [1, 2]}'"
        #expect(try site.ask("/api/task/async-apply/demo.tasks.add", "\(proxied) \(apply) -H 'Authorization: Bearer reading'").status == 403)
        #expect(try site.ask("/api/task/async-apply/demo.tasks.add", "\(proxied) \(apply) -H 'Authorization: Bearer \(Self.token)'").status == 200)
        #expect(!site.project.read("web.log").contains(Self.token))
        try site.stop()
    }

    @Test func `a public status is public, and nothing else becomes so`() throws {
        let site = try protected("--public-status")
        let proxied = "-H 'X-Forwarded-For: 192.0.2.1'"
        #expect(try site.ask("/celery/x/status/", proxied).status == 200)
        #expect(try site.ask("/celery/x/done/", proxied).status == 200)
        #expect(try site.ask("/celery/x/status/", "\(proxied) -X POST").status == 401)
        for path in ["/celery/tasks/", "/metrics", "/api/tasks", "/api/task/info/x", "/"] {
            #expect(try site.ask(path, proxied).status == 401, "\(path)")
        }
        try site.stop()
    }

    @Test func `a read-only server does nothing, whoever asks`() throws {
        let site = try Site(try Project(), "--read-only")
        let id = try site.project.apply("demo.tasks.add 1 1")
        #expect(try site.ask("/api/task/revoke/\(id)", "-X POST -H 'Sec-Fetch-Site: same-origin'").status == 403)
        #expect(try site.ask("/api/task/info/\(id)").status == 200)
        try site.stop()
    }

    @Test func `it does not listen where others can reach it unless somebody can prove who they are`() throws {
        let project = try Project()
        let ended = try project.run("celery web --bind 0.0.0.0:0")
        #expect(ended.status == 78 && ended.errors.contains("celery web: cannot listen on 0.0.0.0:0, which other machines can reach, without credentials"))
        #expect(ended.errors.contains("hint: name a file of users and tokens with --auth FILE"))
        try project.write("x", to: "open.auth", mode: "644")
        let open = try project.run("celery web --auth open.auth")
        #expect(open.status == 78 && open.errors.contains("hint: chmod 600"))
        #expect(try project.run("celery web --bind here").status == 64)
    }

    @Test func `hostile names of tasks stay text`() throws {
        let site = try Site(try Project())
        _ = try site.project.run(#"celery apply '<script>alert(1)</script>"}' && celery celeryd --burst -s"#)
        #expect(try site.headers("/api/tasks").contains("content-type: application/json"))
        #expect(try site.headers("/metrics").contains("content-type: text/plain"))
        #expect(try site.headers("/metrics").contains("x-content-type-options: nosniff"))
        try site.stop()
    }

    @Test func `requests that two servers would read in two ways are refused`() throws {
        let site = try Site(try Project())
        let attacks = [
            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
            "GET //evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /celery/..%2fapi/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /celery/x/status?wait=1&wait=2 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /metrics HTTP/1.1\r\n\r\n",
            "POST /api/task/revoke/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ]
        for attack in attacks {
            let connection = try RawConnection(port: try site.port)
            connection.send(attack)
            let answer = try connection.receive { $0.contains("\r\n") }
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.1 404 ") || answer.hasPrefix("HTTP/1.1 421 "), "\(attack): \(answer)")
        }
        try site.stop()
    }
}
