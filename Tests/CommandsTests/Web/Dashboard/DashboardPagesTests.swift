import CeleryCore
import Testing
import Wire

@testable import Client
@testable import Commands
@testable import WebServer

/// The pages, and what is on them.
@Suite(.timeLimit(.minutes(2))) struct DashboardPagesTests {
    private static let hostile = #"<script>alert("1")</script>'`"#
    private static let pages = ["/", "/tasks", "/queues", "/workers", "/beat", "/sets", "/dead"]

    @Test(arguments: pages) func `a page of an empty project is complete, and says what there is not`(_ path: String) async throws {
        let (status, text) = try await DashboardFixture().get(path)
        #expect(status == 200)
        #expect(text.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">") && text.hasSuffix("</html>\n"))
        for part in ["<h1>", "<main id=\"main\"", "aria-label=\"Pages\"", "aria-current=\"page\"", "href=\"#main\"", "<title>"] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(text.components(of: "<h1>") == 1)
        // Nothing inline: the policy forbids it.
        #expect(!text.contains("<style") && !text.contains(" style=") && !text.contains(" onclick") && text.components(of: "<script") == 1)
        #expect(text.contains("In a shell: <code>celery ") || path == "/")
    }

    @Test(arguments: pages) func `a page tells what a broker cannot tell`(_ path: String) async throws {
        let (status, text) = try await DashboardFixture(isInMemory: true).get(path)
        #expect(status == 200 || status == 501, "\(text)")
        let sentence = switch path {
        case "/tasks": "memory:// cannot list waiting tasks, except those that workers have taken"
        case "/queues": "memory:// cannot tell how long messages have waited."
        case "/workers": "memory:// cannot list workers."
        default: "Broker: memory://"
        }
        #expect(text.contains(sentence), "\(text)")
    }

    @Test func `hostile names stay text on every page`() async throws {
        let site = try DashboardFixture("[beat.\"<b>odd</b>\"]\ntask = \"<i>task</i>\"\nevery = \"1h\"\n")
        let id = try await site.send(Self.hostile, args: [.string(Self.hostile)], kwargs: [Self.hostile: 1])
        try await site.store("failed", .failure, task: Self.hostile) { result in
            result.failure = TaskFailure(type: "E<b>", arguments: [.string(Self.hostile)], module: "")
            result.traceback = Self.hostile
            result.worker = Self.hostile
        }
        for path in Self.pages + ["/tasks?text=%3Cscript%3E&task=%3Cscript%3E*", "/task/\(id)", "/task/failed", "/queues/celery"] {
            let text = try await site.get(path).text
            for word in ["<script>alert", "<b>odd", "<i>task", "E<b>"] { #expect(!text.contains(word), "\(word) on \(path)") }
        }
        #expect(try await site.get("/tasks").text.contains("&lt;script&gt;alert(&quot;1&quot;)"))
    }

    @Test func `a task's page tells its state, its arguments without secrets, and why it waits`() async throws {
        let site = try DashboardFixture()
        let id = try await site.send("shop.sell", args: [1, "--password=hush"], kwargs: ["api_key": "hush", "size": "XL"])
        let text = try await site.get("/task/\(id)").text
        #expect(text.contains(">QUEUED</span>") && text.contains("no worker is alive"))
        #expect(text.contains("&quot;size&quot;: &quot;XL&quot;") && text.contains("***") && !text.contains("hush"))
        #expect(text.contains("<code>celery revoke \(id)</code>") && text.contains("action=\"/task/\(id)/terminate\""))
        #expect(text.contains("<code>celery explain \(id)</code>"))
    }

    @Test func `a failed task has its error and traceback, and a retry`() async throws {
        let site = try DashboardFixture()
        try await site.store("t1", .failure) { result in
            result.failure = TaskFailure(type: "ValueError", arguments: ["kaput"], module: "builtins")
            result.traceback = "Traceback & more"
            result.request = Message(id: TaskID("t1"), task: "shop.sell", body: BodyCodec.encode(TaskArguments(args: [7])))
            result.parentID = TaskID("t0")
            result.children = [[["t2", .null], .null]]
        }
        try await site.store("t0", .success, task: "shop.open")
        try await site.store("t2", .success, task: "shop.close")
        let text = try await site.get("/task/t1").text
        #expect(text.contains("ValueError: kaput") && text.contains("Traceback &amp; more"))
        #expect(text.contains("href=\"/task/t0\"") && text.contains("href=\"/task/t2\"") && text.contains("shop.close"))
        #expect(text.contains("<code>celery retry t1</code>"))
        #expect(try await site.get("/task/nobody").status == 404)
    }

    @Test func `hidden results are on no page, and cannot be searched for`() async throws {
        let site = try DashboardFixture("CELERY_WEB_HIDE_RESULTS = true\n")
        try await site.store("t1", .failure) { result in
            result.failure = TaskFailure(type: "ValueError", arguments: ["kaput"], module: "builtins")
            (result.traceback, result.errorOutput) = ("kaput", "kaput")
        }
        try await site.store("t2", .success) { $0.value = "kaput" }
        for path in ["/", "/tasks", "/task/t1", "/task/t2"] { #expect(try await !site.get(path).text.contains("kaput"), "\(path)") }
        #expect(try await site.get("/tasks?text=kaput").status == 403)
    }

    @Test func `whoever may not act sees no button, and cannot act`() async throws {
        let site = try DashboardFixture(readOnly: true)
        let id = try await site.send("shop.sell")
        for path in ["/queues", "/tasks?state=waiting", "/task/\(id)", "/queues/celery"] {
            let text = try await site.get(path).text
            #expect(!text.contains("method=\"post\"") && text.contains("This server is read-only."), "\(path)")
        }
        #expect(try await site.post("/queues/celery/purge").status == 403)
        #expect(try await site.client.status(of: [id])[0].state == .pending)
    }

    @Test func `parameters that are not known or not possible are refused`() async throws {
        let site = try DashboardFixture()
        for target in [
            "/tasks?at=1", "/tasks?at=1.2.3", "/tasks?state=sleeping", "/tasks?since=soon", "/tasks?offset=5", "/?x=1", "/sets/x?from=0",
            "/dead?reason=boredom", "/dead?after=1", "/queues?done=%3Cb%3E",
        ] {
            let (status, text) = try await site.get(target)
            #expect(status == 400 && text.contains("<h1>This cannot be done</h1>"), "\(target)")
            #expect(try await site.get(target, accept: "*/*").text.hasPrefix("{\"error\""), "\(target)")
        }
        #expect(throws: WebRefusal.self) { try WebTarget(parsing: "/queues/a%2Fb") }
        #expect(try await site.get("/nothing").status == 404)
    }

    @Test func `a page stays small`() async throws {
        let site = try DashboardFixture()
        for number in 0..<60 {
            try await site.store("0193d0a0-0000-7000-8000-\(100_000_000_000 + number)", .failure) { result in
                result.failure = TaskFailure(type: "ValueError", arguments: [.string(String(repeating: "long ", count: 100))], module: "builtins")
            }
        }
        let text = try await site.get("/tasks").text
        // Packed, a page is about a sixth of that; with style and script it is to stay below 40 kB.
        #expect(text.utf8.count < 60_000 && text.contains("rel=\"next\""))
        #expect(StyleSheet.text.utf8.count + LiveScript.text.utf8.count < 15_000)
    }

    @Test func `style, script and icon are served with their types and are asked for again cheaply`() async throws {
        let site = try DashboardFixture()
        #expect(try await site.get("/assets/style.css").text == StyleSheet.text)
        #expect(try await site.get("/assets/live.js").text == LiveScript.text)
        #expect(try await site.get("/assets/icon.svg").text.hasPrefix("<svg "))
        #expect(try await site.get("/assets/other.css").status == 404)
    }
}

extension String {
    /// How often a text occurs.
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
