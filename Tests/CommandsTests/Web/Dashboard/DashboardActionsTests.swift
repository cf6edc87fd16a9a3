import CeleryCore
import Testing
import Wire

@testable import Client
@testable import Commands

/// What the buttons of the pages do.
@Suite(.timeLimit(.minutes(2))) struct DashboardActionsTests {
    @Test func `nothing is done without the token of our pages`() async throws {
        let site = try DashboardFixture()
        let id = try await site.send("shop.sell")
        for token in ["", "0", String(repeating: "0", count: 64)] { #expect(try await site.post("/queues/celery/purge", token: token).status == 403) }
        #expect(try await site.client.status(of: [id])[0].state == .pending)
    }

    @Test func `a queue is purged, paused and resumed, and the page tells the command`() async throws {
        let site = try DashboardFixture()
        for _ in 0..<3 { try await site.send("shop.sell", queue: "orders") }
        #expect(try await site.get("/queues/orders").text.contains("shop.sell"))
        let (status, text) = try await site.post("/queues/orders/purge")
        #expect(status == 303 && text.contains("Erased 3 messages from queue orders.") && text.contains("<code>celery purge -Q orders --force</code>"))
        let paused = try await site.post("/queues/orders/pause", "for=2h&reason=disk+full").text
        #expect(paused.contains("<code>celery queues pause orders --for 2h --reason &#39;disk full&#39;</code>"))
        #expect(paused.contains(">paused</span>") && paused.contains(": disk full"))
        #expect(try await site.get("/").text.contains("is paused: disk full."))
        #expect(try await site.post("/queues/orders/resume").text.contains("Resumed queue orders."))
        #expect(try await site.post("/queues/orders/pause", "for=never").status == 400)
    }

    @Test func `a task is revoked, and sent again when it has ended`() async throws {
        let site = try DashboardFixture()
        let id = try await site.send("shop.sell", args: [1])
        #expect(try await site.post("/task/\(id)/revoke").text.contains("Revoked."))
        #expect(try await site.client.status(of: [id])[0].state == .revoked)
        try await site.store("t1", .failure) {
            $0.request = Message(id: TaskID("t1"), task: "shop.sell", body: BodyCodec.encode(TaskArguments(args: [7])))
        }
        #expect(try await site.post("/task/t1/retry").text.contains("Sent again as "))
        #expect(try await site.get("/tasks?state=waiting").text.contains("shop.sell"))
        try await site.store("t2", .failure)
        #expect(try await site.post("/task/t2/retry").text.contains("Not sent: t2: its arguments are not kept."))
    }

    @Test func `all that match are sent again or revoked, and no others`() async throws {
        let site = try DashboardFixture()
        for number in 0..<5 {
            try await site.store("t\(number)", number == 0 ? .success : .failure, task: number == 1 ? "shop.buy" : "shop.sell") {
                $0.request = Message(id: $0.id, task: $0.task ?? "", body: BodyCodec.encode(TaskArguments()))
            }
        }
        let page = try await site.get("/tasks?state=failure&task=shop.s*").text
        #expect(page.contains("<code>celery retry --state failure --task &#39;shop.s*&#39;</code>"))
        #expect(try await site.post("/tasks/retry", "state=failure&task=shop.s*").text.contains("Sent 3 tasks again."))
        #expect(try await site.post("/tasks/revoke", "state=waiting&task=shop.b*").text.contains("Revoked 0 tasks."))
        let revoked = try await site.post("/tasks/revoke", "state=waiting").text
        #expect(revoked.contains("Revoked 3 tasks."), "\(revoked)")
        #expect(try await site.post("/tasks/revoke", "state=failure").status == 400)
        #expect(try await site.post("/tasks/retry", "").status == 400)
    }

    @Test func `a dead letter is looked at, sent again, or dropped`() async throws {
        let site = try DashboardFixture()
        let keeping = try DeadOptions.keeping(site.client)
        for number in 0..<3 {
            let message = Message(id: TaskID("d\(number)"), task: "shop.sell", body: BodyCodec.encode(TaskArguments(args: [.int(Int64(number))])))
            try await keeping.bury(message, Burial(.unregistered, error: "NotRegistered: shop.sell", date: .now, worker: "w@here", attempts: 1))
        }
        #expect(try await site.get("/dead").text.contains("href=\"/dead/d2\""))
        #expect(try await site.get("/dead/d1").text.contains("reason:     unregistered"))
        #expect(try await site.post("/dead/d0/replay").text.contains("Sent 1 dead letter again."))
        #expect(try await site.client.status(of: [TaskID("d0")])[0].state == .pending)
        #expect(try await site.post("/dead/d1/drop").text.contains("Deleted 1 dead letter."))
        #expect(try await site.post("/dead/d1/drop").status == 404)
        #expect(try await site.post("/dead/drop", "task=shop.x").status == 404)
        #expect(try await site.post("/dead/drop", "task=shop.sell").text.contains("Deleted 1 dead letter."))
        #expect(try await site.get("/dead").text.contains("There are none."))
    }

    @Test func `a periodic task is run, paused, resumed and backfilled`() async throws {
        let site = try DashboardFixture("[beat.nightly]\ntask = \"shop.close\"\nevery = \"1h\"\n")
        let page = try await site.get("/beat").text
        #expect(page.contains("nightly") && page.contains("no beat leads") && page.contains("<code>celery beat run nightly</code>"))
        #expect(try await site.post("/beat/nightly/run").text.contains("Sent nightly as "))
        #expect(try await site.post("/beat/nightly/pause", "for=1h&reason=audit").text.contains(">paused</span>"))
        #expect(try await site.post("/beat/nightly/resume").text.contains("Resumed nightly."))
        let filled = try await site.post("/beat/nightly/backfill", "from=yesterday&to=now").text
        #expect(filled.contains("of nightly") && filled.contains("<code>celery beat backfill nightly yesterday now</code>"))
        #expect(try await site.post("/beat/nightly/backfill", "from=now&to=yesterday").status == 400)
        #expect(try await site.post("/beat/daily/run").status == 400)
    }

    @Test func `a task-set is shown with its members and revoked`() async throws {
        let site = try DashboardFixture()
        let set = SetNumbering()
        for number in 1...2 { try await site.send("shop.sell", id: set.member(number)) }
        try await site.client.keep(TaskSetRecord(id: set.id, total: 2, created: .now))
        #expect(try await site.get("/sets").text.contains("href=\"/sets/\(set.id)\""))
        let page = try await site.get("/sets/\(set.id)").text
        #expect(page.contains("href=\"/task/\(set.member(2))\"") && page.contains("PENDING"))
        #expect(try await site.post("/sets/\(set.id)/revoke").text.contains("Revoked 2 tasks."))
        #expect(try await site.get("/sets/nothing").status == 404)
    }

    @Test func `a worker that is not there is told nothing`() async throws {
        let site = try DashboardFixture()
        #expect(try await site.post("/workers/w@here/pool_grow", "n=1").status == 404)
        #expect(try await site.post("/workers/w@here/pool_grow", "n=0").status == 400)
        #expect(try await site.post("/workers/w@here/reboot").status == 404)
    }

    @Test func `what an action did is told to whoever knows its random name, and no address can put words into a page`() throws {
        let notices = Notices()
        let id = notices.keep(Notice("Done."))
        #expect(Notices.isID(id) && notices.take(id) == Notice("Done.") && notices.take("0000000000000000") == nil)
        #expect(!Notices.isID("<b>") && !Notices.isID(id + "0"))
        for _ in 0..<300 { _ = notices.keep(Notice("More.")) }
        #expect(notices.take(id) == nil)
    }
}
