import CeleryCore
import Fixtures
import Glibc
import Testing

/// Tasks behind URLs, as a user sets them up.
@Suite(.blocking) struct HTTPTaskTests {
    /// A project with more settings before its own, and tables behind.
    private func project(_ settings: String = "", tables: String = "") throws -> Project {
        let project = try Project()
        _ = try project.run("{ cat; cat celery.toml; } >new.toml && mv new.toml celery.toml", input: settings + "\n").text
        _ = try project.run("cat >>celery.toml", input: "\n" + tables + "\n").text
        return project
    }

    @Test func `a table of the settings makes a task, which is submitted and listed like any other`() throws {
        let server = try ScriptedHTTPServer { request, _ in
            request.method == "POST" ? .json(#"{"status": "success", "retval": {"width": 400}}"#) : .answer(200, ["Content-Type: text/plain"], request.target)
        }
        let project = try project(
            tables: """
                [task."shop.resize"]
                url = "\(server.url)/resize?key=secret"
                headers = { Authorization = "Bearer 3f7a" }
                retry_backoff = 5
                [task.ping]
                url = "\(server.url)/ping"
                method = "GET"
                """)
        let listed = try project.run("celery tasks").lines
        #expect(listed.contains("shop.resize\t\(server.url)/resize\tretry_backoff=5s") || listed.contains { $0.contains("shop.resize") && $0.contains("\(server.url)/resize") })
        #expect(!listed.contains { $0.contains("secret") || $0.contains("3f7a") })
        // A proxy that the environment names is none of ours.
        try project.startWorker(with: ["http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"])
        try project.expect("celery apply --strict shop.resize a.jpg width=400 --wait --timeout 30", Ended("{\"width\":400}\n"))
        try project.expect("celery apply --strict ping host=a --wait --timeout 30", Ended("/ping?host=a\n"))
        let request = try #require(server.requests.first)
        #expect(request.target == "/resize?key=secret" && request.headers["authorization"] == "Bearer 3f7a")
        #expect(request.headers["user-agent"]?.hasPrefix("celery/") == true)
        let body = try JSON(parsing: request.body)
        #expect(body["args"] == ["a.jpg"] && body["kwargs"] == ["width": 400])
        #expect(!project.log.contains("secret") && !project.log.contains("3f7a"))
        try project.stopWorker()
    }

    @Test func `what the server says of a failure is told`() throws {
        let server = try ScriptedHTTPServer { request, _ in
            request.target == "/reason" ? .json(#"{"status": "failure", "reason": "no such image"}"#) : .answer(404, [], "nothing here")
        }
        let project = try project(tables: "[task.reason]\nurl = '\(server.url)/reason'\n[task.gone]\nurl = '\(server.url)/gone'")
        try project.startWorker()
        try project.expect("celery apply reason --wait --timeout 30", Ended(errors: "RemoteExecuteError: no such image\n", status: 1))
        try project.expect(
            "celery apply gone --wait --timeout 30", Ended(errors: "HTTPError: 404, \(server.url)/gone answered 404: nothing here\n", status: 1))
        try project.stopWorker()
    }

    @Test func `the tasks of the original call listed hosts`() throws {
        let server = try ScriptedHTTPServer { request, _ in .json(#"{"status": "success", "retval": "\#(request.method) \#(request.target) \#(request.text)"}"#) }
        let project = try project("CELERY_HTTP_HOSTS = [\"127.0.0.1:\(server.port)\"]")
        try project.startWorker()
        for (words, expected) in [
            ("celery.task.rest.RESTProxyTask url=\(server.url)/x a=1", "GET /x?a=1 "),
            ("celery.task.http.HttpDispatchTask url=\(server.url)/x method=POST a=1", "POST /x a=1"),
            ("celery.http_dispatch \(server.url)/x a=b", "GET /x?a=b "),
        ] {
            try project.expect("celery apply --strict \(words) --wait --timeout 30", Ended("\(expected)\n"))
        }
        try project.expect(
            "celery apply celery.http_dispatch http://169.254.169.254/latest --wait --timeout 30",
            Ended(errors: "PermissionError: 169.254.169.254 is not listed in CELERY_HTTP_HOSTS\n", status: 1))
        try project.stopWorker()
    }

    @Test func `without listed hosts they are refused, and kept as dead letters`() throws {
        let project = try project()
        try project.startWorker()
        let ended = try project.run("celery apply celery.http_dispatch http://a/ --wait --timeout 30")
        #expect(ended.status == 1 && ended.errors.contains("PermissionError: this worker calls no URLs of messages, since CELERY_HTTP_HOSTS lists no hosts"))
        #expect(try project.run("celery dead list").output.contains("celery.http_dispatch"))
        try project.stopWorker()
    }

    @Test func `a local service is called by its socket`() throws {
        let project = try project()
        let server = try ScriptedHTTPServer(path: "\(project.folder)/s") { request, _ in .json("\"\(request.target)\"") }
        _ = try project.run("cat >>celery.toml", input: "\n[task.local]\nurl = 'http+unix://\(project.folder.replacing("/", with: "%2F"))%2Fs/jobs'\n").text
        try project.startWorker()
        try project.expect("celery apply local --wait --timeout 30", Ended("/jobs\n"))
        #expect(server.requests.count == 1)
        try project.stopWorker()
    }

    @Test func `requests to a host with a key are signed, and openssl agrees`() throws {
        let server = try ScriptedHTTPServer { _, _ in .json("1") }
        let project = try project("CELERY_HTTP_KEYS = { '127.0.0.1' = 'api.key' }", tables: "[task.signed]\nurl = '\(server.url)/x?y=1'")
        let key = "0123456789abcdef0123456789abcdef"
        _ = try project.run("umask 077; echo \(key) >api.key").text
        try project.startWorker()
        let id = try project.run("celery apply signed a").text
        try project.expect("celery result --wait --timeout 30 \(id)", Ended("1\n"))
        let request = try #require(server.requests.first)
        let parts = try #require(request.headers["celery-signature"]?.wholeMatch(of: #/t=(\d+),v1=([0-9a-f]{64})/#))
        let text = "\(parts.1)\nPOST\n127.0.0.1:\(server.port)\n/x?y=1\n\(id)\n1\n\(request.text)"
        #expect(try project.run("openssl dgst -sha256 -hmac \(key) | sed 's/.* //'", input: text).text == String(parts.2))
        try project.stopWorker()
        // A key that others can read is none.
        _ = try project.run("chmod 644 api.key").text
        let ended = try project.run("celery celeryd --burst")
        #expect(ended.status == 78 && ended.errors.contains("cannot sign requests of HTTP tasks: others can read the key"))
        _ = try project.run("rm api.key").text
        #expect(try project.run("celery celeryd --burst").errors.contains("which CELERY_HTTP_KEYS names for 127.0.0.1"))
        // Who submits needs no key.
        #expect(try project.run("celery apply --strict signed").status == 0)
    }

    @Test(arguments: [
        ("[task.x]\nmethod = 'POST'", "[task.x] has no url"), ("[task.x]\nurl = 'ftp://a'", "[task.x] url must begin with https://, http:// or http+unix://"),
        ("[task.x]\nurl = 'http://a'\ncolour = 1", "[task.x] colour is not known"), ("[task.x]\nurl = 'http://a'\nnice = 1", "[task.x] nice is for tasks"),
        ("[task.'celery.x']\nurl = 'http://a'", "has a name that begins with celery."),
    ])
    func `a mistake in the settings is told before anything is done`(table: String, message: String) throws {
        let project = try project(tables: table)
        for command in ["celeryd --burst", "apply x", "tasks"] {
            let ended = try project.run("celery \(command)")
            #expect(ended.status == 78 && ended.output.isEmpty)
            #expect(ended.errors.contains(message) && ended.errors.contains("celery.toml:"), "\(ended)")
        }
    }

    @Test func `a worker with one child waits for hundreds of answers at once`() throws {
        let together = 300
        let server = try ScriptedHTTPServer { _, _ in .slow(.seconds(2), .json("1")) }
        let project = try project("CELERYD_HTTP_CONCURRENCY = \(together)", tables: "[task.wait]\nurl = '\(server.url)/'")
        let batch = String(repeating: "{\"task\": \"wait\"}\n", count: together)
        let ids = try project.run("celery apply --batch -", input: batch).lines
        let clock = ContinuousClock.now
        _ = try project.run("celery celeryd -c1 --burst -q").text
        // One after the other they would take ten minutes.
        #expect(ContinuousClock.now - clock < Duration.seconds(60).onThisMachine)
        #expect(server.requests.count == together)
        #expect(try project.run("celery status \(ids.joined(separator: " "))").status == 0)
    }
}
