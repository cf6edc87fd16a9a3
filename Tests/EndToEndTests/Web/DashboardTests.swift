import CeleryCore
import Fixtures
import Testing

/// The dashboard of `celery web`, asked by curl.
@Suite(.blocking) struct DashboardTests {
    private static let sameOrigin = "-H 'Sec-Fetch-Site: same-origin'"

    /// Asks for an action, as a form does, and follows to the page that tells what was done.
    private func act(_ site: Site, _ path: String, _ fields: String = "") throws -> (status: Int, body: String) {
        try site.ask(path, "-L \(Self.sameOrigin) --data '\(fields)'")
    }

    @Test func `each page is HTML that stands for itself, with what it needs from this server`() throws {
        let site = try Site(try Project())
        for path in ["/", "/tasks", "/queues", "/workers", "/beat", "/sets", "/dead"] {
            let (status, body) = try site.ask(path)
            #expect(status == 200 && body.hasPrefix("<!DOCTYPE html>") && body.contains("</html>"), "\(path): \(body)")
            #expect(!body.contains("http://") && !body.contains("https://"), "\(path)")
            let headers = try site.headers(path)
            #expect(headers.contains("content-type: text/html; charset=utf-8") && headers.contains("cache-control: no-store"))
            #expect(headers.contains("content-security-policy: default-src 'none'") && !headers.contains("unsafe-inline"))
        }
        #expect(try site.headers("/assets/style.css").contains("content-type: text/css; charset=utf-8"))
        #expect(try site.headers("/assets/live.js").contains("content-type: text/javascript; charset=utf-8"))
        let tag = try #require(try site.headers("/assets/live.js").split(separator: "\r\n").first { $0.hasPrefix("etag: ") }).dropFirst("etag: ".count)
        #expect(try site.ask("/assets/live.js", "-H 'If-None-Match: \(tag)'").status == 304)
        try site.stop()
    }

    @Test func `a page with style and script is below 40 kB`() throws {
        let project = try Project()
        _ = try project.run("for i in $(seq 100); do echo '{\"task\": \"demo.tasks.add\", \"args\": ['$i', \"a longer argument\"]}'; done | celery apply --batch -").text
        let site = try Site(project)
        let size = try project.run("for part in tasks assets/style.css assets/live.js assets/icon.svg; do curl -sS \(site.address)/$part | gzip -c; done | wc -c").text
        #expect(try #require(Int(size.filter(\.isNumber))) < 40_000)
        try site.stop()
    }

    @Test func `follows a task from its queue to its end`() throws {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\necho begun\nuntil [ -e go ]; do sleep 0.02; done\necho kaput >&2; exit 3\n")
        let site = try Site(project)
        let id = try project.apply("demo.tasks.wait a.jpg password=hunter2")
        #expect(try site.ask("/task/\(id)").body.contains("no worker is alive"))
        #expect(try site.ask("/queues/celery").body.contains("/task/\(id)"))
        try project.startWorker("-n me@here")
        #expect(try eventually { try project.state(of: id) == "STARTED" })
        let workers = try site.ask("/workers").body
        #expect(workers.contains("me@here") && workers.contains("/task/\(id)") && workers.contains("2 children"))
        let running = try site.ask("/task/\(id)").body
        #expect(running.contains(">STARTED</span>") && !running.contains("hunter2") && running.contains("***"))
        try project.write("", to: "go")
        #expect(try eventually { try project.state(of: id) == "FAILURE" })
        let failed = try site.ask("/task/\(id)").body
        #expect(failed.contains(">FAILURE</span>") && failed.contains("kaput") && failed.contains("begun"))
        #expect(try site.ask("/").body.contains("/task/\(id)"))
        let again = try act(site, "/task/\(id)/retry")
        #expect(again.status == 200 && again.body.contains("Sent again as ") && again.body.contains("<code>celery retry \(id)</code>"))
        #expect(site.project.read("web.log").contains("sends again task \(id)"))
        try project.stopWorker()
        try site.stop()
    }

    @Test func `controls a worker`() throws {
        let project = try Project()
        try project.startWorker("-n me@here")
        let site = try Site(project)
        #expect(eventually { (try? site.ask("/workers").body.contains("me@here")) == true })
        #expect(try act(site, "/workers/me@here/pool_grow", "n=1").body.contains("<code>celery control -d me@here pool_grow 1</code>"))
        #expect(eventually { (try? site.ask("/workers").body.contains("3 children")) == true })
        #expect(try act(site, "/workers/me@here/add_consumer", "queue=other").status == 200)
        #expect(eventually { (try? site.ask("/workers").body.contains("href=\"/queues/other\"")) == true })
        #expect(try act(site, "/workers/me@here/shutdown").body.contains("was told: shutdown"))
        #expect(eventually { (try? project.run("celery celeryd --is-running -p w.pid").status) == 1 })
        try site.stop()
    }

    @Test func `a browser that says nothing of where a form is from needs its token`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add 1 2")
        let site = try Site(project)
        let page = try site.ask("/queues").body
        let token = try #require(page.firstMatch(of: #/name="_token" value="([0-9a-f]{64})"/#)).1
        #expect(try site.ask("/queues/celery/purge", "--data ''").status == 403)
        #expect(try site.ask("/queues/celery/purge", "--data '_token=\(String(repeating: "0", count: 64))'").status == 403)
        #expect(try site.ask("/queues/celery/purge", "\(Self.sameOrigin.replacing("same-origin", with: "cross-site")) --data '_token=\(token)'").status == 403)
        #expect(try site.ask("/queues/celery/purge").status == 405)
        #expect(try project.state(of: id) == "PENDING")
        #expect(try site.ask("/queues/celery/purge", "-L --data '_token=\(token)'").body.contains("Erased 1 message from queue celery."))
        try site.stop()
    }

    @Test func `whoever may only read sees pages without buttons`() throws {
        let project = try Project()
        let token = "0123456789abcdef0123456789abcdef"
        try project.write("@eye:\(Hexadecimal.text(SHA256.hash(token.utf8))):read\n", to: "web.auth", mode: "600")
        _ = try project.apply("demo.tasks.add 1 2")
        let site = try Site(project, "--auth web.auth")
        let eye = "-H 'X-Forwarded-For: 192.0.2.1' -H 'Authorization: Bearer \(token)'"
        let page = try site.ask("/queues", eye).body
        #expect(page.contains("celery</a>") && !page.contains("method=\"post\"") && page.contains("You may look, not act."))
        #expect(try site.ask("/queues/celery/purge", "\(eye) --data ''").status == 403)
        #expect(try site.ask("/queues", "-H 'X-Forwarded-For: 192.0.2.1' -H 'Accept: text/html'").body.contains("<h1>Who are you?</h1>"))
        try site.stop()
    }

    @Test func `open pages are told when something has changed`() throws {
        let project = try Project()
        let site = try Site(project)
        let listening = try project.start("curl -sSN -m 60 \(site.address)/live")
        #expect(eventually { listening.printed.contains(": ") })
        _ = try project.apply("demo.tasks.add 1 2")
        #expect(eventually { listening.printed.contains("data: changed") })
        try site.stop()
        _ = try listening.wait()
    }

    @Test func `periodic tasks, task-sets and dead letters are shown and acted upon`() throws {
        let project = try Project()
        try project.periodic("[beat.nightly]\ntask = \"demo.tasks.add\"\nargs = [1, 2]\nevery = \"1h\"\n")
        let site = try Site(project)
        #expect(try act(site, "/beat/nightly/run").body.contains("Sent nightly as "))
        #expect(try act(site, "/beat/nightly/pause", "for=1h&reason=audit").body.contains(">paused</span>"))
        let set = try project.run("echo '{\"task\": \"demo.tasks.add\", \"args\": [1]}' | celery apply --batch - --set 2>&1 | tail -1").text
        #expect(!set.isEmpty)
        #expect(try site.ask("/sets").body.contains("/sets/"))
        let dead = try project.apply("shop.sell 1 2>/dev/null")
        #expect(try project.run("celery celeryd --burst -q -n w@here").status == 0)
        #expect(try site.ask("/dead").body.contains("/dead/\(dead)"))
        #expect(try site.ask("/dead/\(dead)").body.contains("NotRegistered: shop.sell"))
        #expect(try act(site, "/dead/\(dead)/replay").body.contains("Sent 1 dead letter again."))
        #expect(try project.state(of: dead) == "PENDING")
        try site.stop()
    }
}
