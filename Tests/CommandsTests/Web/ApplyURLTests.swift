import CeleryCore
import Fixtures
import Synchronization
import Testing
import WebServer
import Wire

@testable import Client
@testable import Commands

/// Submitting tasks by HTTP.
@Suite(.timeLimit(.minutes(3))) struct ApplyURLTests {
    private static let token = "0123456789abcdef0123456789abcdef"
    private static let other = "fedcba9876543210fedcba9876543210"

    private static func line(_ name: String, _ token: String, _ right: String) -> String {
        "@\(name):\(Hexadecimal.text(SHA256.hash(token.utf8))):\(right)\n"
    }

    private static let auth =
        line("shop", token, "apply=shop.*,mail.send") + line("other", other, "apply=*") + line("boss", "boss", "act") + line("eye", "eye", "read")

    private func site(
        _ settings: String = "", in folder: TemporaryFolder = TemporaryFolder(), broker: (any Broker)? = nil
    ) throws -> SiteFixture {
        try SiteFixture("CELERY_WEB_APPLY = [\"shop.*\", \"mail.*\"]\n" + settings, auth: Self.auth, in: folder, broker: broker)
    }

    private func apply(
        _ site: SiteFixture, _ task: String, _ body: String = "", token: String = token, key: String? = nil, type: String = "application/json",
        peer: WebPeer = SiteFixture.elsewhere
    ) async -> WebResponse {
        var headers = [("Authorization", "Bearer \(token)")]
        if !body.isEmpty { headers.append(("Content-Type", type)) }
        if let key { headers.append(("Idempotency-Key", key)) }
        return await site.ask("POST", "/celery/apply/\(task)/", headers: headers, body: Array(body.utf8), peer: peer)
    }

    private func json(_ response: WebResponse) throws -> JSON { try JSON(parsing: response.bytes ?? []) }

    private func id(_ response: WebResponse) throws -> TaskID { TaskID(try #require(try json(response)["task_id"]?.stringValue)) }

    private func waiting(_ site: SiteFixture) async throws -> [ListedTask] { try await site.client.tasks(TaskFilter(), limit: 100) }

    private func arguments(_ site: SiteFixture, _ id: TaskID) async throws -> TaskArguments {
        let task = try #require(try await waiting(site).first { $0.id == id })
        return try BodyCodec.decode(try #require(task.request).body)
    }

    private func worker(_ site: SiteFixture) async throws -> any BrokerConsumer {
        try await site.client.broker.consumer(of: ["celery"], as: WorkerIdentity(id: TaskID().text, name: "w@here", pid: 1, process: ""))
    }

    // MARK: What is sent

    @Test func `JSON has arguments and options, and the answer says where the status is`() async throws {
        let site = try site()
        let response = await apply(site, "shop.sell", #"{"args": [1, "two"], "kwargs": {"size": 200}, "countdown": 600, "expires": "1h"}"#)
        #expect(response.status == 200 && response.header("content-type") == "application/json")
        let id = try id(response)
        #expect(try json(response) == ["ok": "true", "task_id": .string(id.text)])
        #expect(response.header("location") == "/celery/\(id)/status/")
        let arguments = try await arguments(site, id)
        #expect(arguments.args == [1, "two"] && arguments.kwargs == ["size": 200])
        let task = try #require(try await waiting(site).first)
        #expect(task.task == "shop.sell" && task.phase == .scheduled && task.request?.expires != nil)
        #expect(site.log.lines.contains("shop from 192.0.2.1: submits shop.sell as \(id)"))
        // Its token may follow it.
        let status = await site.ask(
            "GET", "/celery/\(id)/status/", headers: [("Authorization", "Bearer \(Self.token)")], peer: SiteFixture.elsewhere)
        #expect(try json(status)["task"]?["status"] == "PENDING")
    }

    @Test func `a form has keyword arguments that are texts, as in the original`() async throws {
        let site = try site()
        let response = await apply(site, "mail.send", "to=ada%40example.com&copies=2", type: "application/x-www-form-urlencoded; charset=utf-8")
        let arguments = try await arguments(site, try id(response))
        #expect(arguments.args == [] && arguments.kwargs == ["to": "ada@example.com", "copies": "2"])
    }

    @Test func `nothing at all is a task without arguments`() async throws {
        let site = try site()
        let arguments = try await arguments(site, try id(await apply(site, "shop.sell")))
        #expect(arguments.args == [] && arguments.kwargs == [:])
    }

    @Test func `a task goes to the queue that its file names, as with celery apply`() async throws {
        let folder = TemporaryFolder()
        try folder.write("#!/bin/sh\n# celery: queue=images priority=3\n", to: "shop/tasks/paint", mode: 0o755)
        let site = try site("INSTALLED_APPS = [\"shop\"]\n", in: folder)
        _ = await apply(site, "shop.tasks.paint")
        let body = Array(#"{"args": [1]}"#.utf8)
        for verb in ["async-apply", "send-task"] {
            let response = await site.ask(
                "POST", "/api/task/\(verb)/shop.tasks.paint",
                headers: [("Authorization", "Bearer boss"), ("Content-Type", "application/json")], body: body, peer: SiteFixture.elsewhere)
            #expect(response.status == 200, "\(verb)")
        }
        let tasks = try await waiting(site)
        #expect(tasks.count == 3 && tasks.allSatisfy { $0.queue == "images" && $0.request?.priority == 3 })
    }

    // MARK: Who may

    @Test func `only a token bound to tasks may submit, and only tasks that the server lists as well`() async throws {
        let site = try site()
        #expect(await site.ask("POST", "/celery/apply/shop.sell").status == 401)
        #expect(await site.ask("POST", "/celery/apply/shop.sell", headers: [("Sec-Fetch-Site", "same-origin")]).status == 401)
        #expect(await apply(site, "shop.sell", token: "wrong").status == 401)
        #expect(await apply(site, "shop.sell", token: "boss").status == 403)
        #expect(await apply(site, "shop.sell", token: "eye").status == 403)
        #expect(await apply(site, "mail.send").status == 200)
        // The server lists it, the token does not; the token does, the server does not.
        #expect(await apply(site, "mail.drop").status == 403)
        #expect(await apply(site, "bank.pay", token: Self.other).status == 403)
        #expect(try await waiting(site).map(\.task) == ["mail.send"])
        #expect(site.log.lines.contains("shop from 192.0.2.1 may not submit mail.drop"))
    }

    @Test func `such a token does nothing else`() async throws {
        let site = try site()
        let headers = [("Authorization", "Bearer \(Self.token)")]
        for target in ["/", "/tasks", "/api/tasks", "/metrics", "/celery/tasks/"] {
            #expect(await site.ask("GET", target, headers: headers, peer: SiteFixture.elsewhere).status == 403, "\(target)")
        }
        for target in ["/api/task/send-task/shop.sell", "/api/task/revoke/x", "/tasks/revoke", "/queues/celery/purge"] {
            #expect(await site.ask("POST", target, headers: headers, peer: SiteFixture.elsewhere).status == 403, "\(target)")
        }
    }

    @Test(arguments: ["celery.run", "celery.webhook", "celery.backend_cleanup"])
    func `tasks of Celery itself and commands are submitted by nobody`(task: String) async throws {
        let site = try SiteFixture("CELERY_WEB_APPLY = [\"*\"]\n", auth: Self.auth)
        #expect(await apply(site, task, token: Self.other).status == 403)
        #expect(await apply(site, "shop.sell", token: Self.other).status == 200)
    }

    @Test func `there is no such address without --apply, and nothing is submitted where --read-only forbids actions`() async throws {
        let none = try SiteFixture(auth: Self.auth)
        #expect(await none.ask("POST", "/celery/apply/shop.sell", headers: [("Authorization", "Bearer boss")]).status == 404)
        let readOnly = try site("CELERY_WEB_READ_ONLY = true\n")
        #expect(await apply(readOnly, "shop.sell").status == 403)
        let asked = try await site().ask("GET", "/celery/apply/shop.sell", headers: [("Authorization", "Bearer eye")])
        #expect(asked.status == 405)
    }

    @Test func `a name that neither the project nor a worker knows is refused, unless the settings have it in full`() async throws {
        let site = try SiteFixture("CELERY_WEB_APPLY = [\"shop.*\", \"mail.send\"]\n", auth: Self.auth)
        // Without workers, nobody knows which tasks there are.
        #expect(await apply(site, "shop.sell").status == 200)
        let worker = try await worker(site)
        try await #require(worker as? any LeaseHolding).announce(tasks: ["shop.buy"])
        #expect(await apply(site, "shop.sel").status == 404)
        #expect(await apply(site, "shop.buy").status == 200)
        #expect(await apply(site, "mail.send").status == 200)
        await worker.close()
    }

    // MARK: What is refused

    @Test(arguments: [
        ("{", "application/json", 400), ("[1]", "application/json", 400), ("{\"args\": {}}", "application/json", 400),
        ("{\"kwargs\": []}", "application/json", 400), ("{\"kwargs\": {\"\": 1}}", "application/json", 400),
        ("{\"queue\": \"other\"}", "application/json", 400), ("{\"link\": \"bank.pay\"}", "application/json", 400),
        ("{\"headers\": {\"a\": 1}}", "application/json", 400), ("{\"countdown\": \"soon\"}", "application/json", 400),
        ("{\"countdown\": -1}", "application/json", 400), ("{\"expires\": []}", "application/json", 400), ("a=1&a=2", "application/x-www-form-urlencoded", 400),
        ("a=%ff", "application/x-www-form-urlencoded", 400), ("=1", "application/x-www-form-urlencoded", 400), ("{}", "text/plain", 415),
        ("{}", "application/jsonp", 415), ("a=1", "multipart/form-data", 415),
        ("{\"args\": [\"" + String(repeating: "x", count: 256 << 10) + "\"]}", "application/json", 413),
    ])
    func `a body that is none is refused before anything is sent`(body: String, type: String, status: Int) async throws {
        let site = try site()
        let response = await apply(site, "shop.sell", body, type: type)
        let reason = try json(response)["error"]?.stringValue
        #expect(response.status == status && reason?.isEmpty == false)
        #expect(try await waiting(site).isEmpty)
    }

    @Test func `more than the rate of a token is told to come again, and other tokens are not hindered`() async throws {
        let site = try site("CELERY_WEB_APPLY_RATE = 1\n")
        #expect(await apply(site, "shop.sell").status == 200)
        // What is refused counts as well.
        var refused = await apply(site, "bank.pay")
        for _ in 0..<100 where refused.status == 403 { refused = await apply(site, "bank.pay") }
        #expect(refused.status == 429 && refused.header("retry-after") == "1")
        #expect(await apply(site, "shop.sell", token: Self.other).status == 200)
        let unlimited = try self.site("CELERY_WEB_APPLY_RATE = 0\n")
        for _ in 0..<5 { #expect(await apply(unlimited, "shop.sell").status == 200) }
    }

    // MARK: Once

    @Test func `one key of one token is one task, also for another server and after the task has ended`() async throws {
        let first = try site()
        let id = try id(await apply(first, "shop.sell", #"{"args": [1]}"#, key: "order 7"))
        #expect(try self.id(await apply(first, "shop.sell", #"{"args": [1]}"#, key: "order 7")) == id)
        let second = try site(in: first.folder)
        #expect(try self.id(await apply(second, "shop.sell", key: "order 7")) == id)
        #expect(second.log.lines == ["shop from 192.0.2.1: submits again, which changes nothing, shop.sell as \(id)"])
        #expect(try await waiting(first).map(\.id) == [id])
        // Its message is gone and its result, too.
        let worker = try await worker(first)
        let delivery = try #require(try await worker.take(1).first)
        try await worker.settle([Outcome(handle: delivery.handle, results: [])])
        await worker.close()
        let third = try site(in: first.folder)
        #expect(try self.id(await apply(third, "shop.sell", key: "order 7")) == id)
        #expect(try await waiting(first).isEmpty)
    }

    @Test func `another key and another token are other tasks`() async throws {
        let site = try site()
        let ids = [
            try id(await apply(site, "shop.sell", key: "7")), try id(await apply(site, "shop.sell", key: "8")),
            try id(await apply(site, "shop.sell", token: Self.other, key: "7")), try id(await apply(site, "shop.sell")),
            try id(await apply(site, "shop.sell")),
        ]
        #expect(Set(ids).count == 5)
        #expect(try await waiting(site).count == 5)
    }

    @Test(arguments: ["", String(repeating: "k", count: 256), "é", "a\tb"])
    func `a key that is none is refused`(key: String) async throws {
        let response = await apply(try site(), "shop.sell", key: key)
        #expect(response.status == 400)
    }

    @Test func `requests with one key at the same moment send one message, whatever the broker remembers`() async throws {
        for isPlain in [false, true] {
            let broker = TroubledBroker()
            let site = try isPlain ? site(broker: broker) : site()
            let ids = try await withThrowingTaskGroup(of: TaskID.self) { group in
                for _ in 0..<20 { group.addTask { try self.id(await self.apply(site, "shop.sell", key: "7")) } }
                return try await group.reduce(into: Set<TaskID>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            if isPlain { #expect(broker.accepted == Array(ids)) } else { #expect(try await waiting(site).map(\.id) == Array(ids)) }
        }
    }

    @Test func `while the broker is away nothing is accepted, and the same key brings the task once it is back`() async throws {
        let broker = TroubledBroker()
        let site = try site(broker: broker)
        broker.isAway = true
        for key in ["7", nil] {
            let refused = await apply(site, "shop.sell", key: key)
            let reason = try json(refused)["error"]?.stringValue
            #expect(refused.status == 503 && refused.header("retry-after") != nil && reason?.contains("cannot be reached") == true)
        }
        broker.isAway = false
        #expect(broker.accepted.isEmpty)
        let id = try id(await apply(site, "shop.sell", key: "7"))
        #expect(try self.id(await apply(site, "shop.sell", key: "7")) == id)
        #expect(broker.accepted == [id])
    }
}

/// A broker that can do nothing but take messages, and only unless it is away.
private final class TroubledBroker: Broker {
    private let state = Mutex((isAway: false, accepted: [TaskID]()))

    let location = "troubled:"
    var accepted: [TaskID] { state.withLock { $0.accepted } }
    var isAway: Bool {
        get { state.withLock { $0.isAway } }
        set { state.withLock { $0.isAway = newValue } }
    }

    func publish(_ messages: [Message]) async throws {
        await Task.yield()
        try state.withLock { state in
            if state.isAway { throw DriverError(.unreachable, "cannot reach troubled:") }
            state.accepted += messages.map(\.id)
        }
    }

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        throw DriverError.lacks("consume", location)
    }

    func close() async {}
}
