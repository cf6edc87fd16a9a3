import CeleryCore
import Fixtures
import ResultStores
import SQL
import Testing
import Wire

/// Lists of tasks with a result in PostgreSQL.
@Suite(.timeLimit(.minutes(3))) struct PostgreSQLListingTests {
    let place: OwnPostgreSQLPlace
    private let clock = ManualClock()

    init() throws { place = try OwnPostgreSQLPlace() }

    private func store() throws -> PostgreSQLResultStore { try place.store { [clock] in clock.now } }

    private func list(
        _ store: PostgreSQLResultStore, before position: Int64? = nil, limit: Int = 100, _ change: (inout TaskFilter) -> Void = { _ in }
    ) async throws -> String {
        var filter = TaskFilter()
        change(&filter)
        return try await store.listedTasks(filter, before: position, limit: limit).map(\.id.text).joined(separator: " ")
    }

    /// Tasks 0 to 11, a second apart: of three names, in two queues, in several states.
    private func fill(_ store: PostgreSQLResultStore) async throws {
        let states: [TaskState] = [.success, .failure, .success, .retry, .custom("PROGRESS"), .revoked]
        for number in 0..<12 {
            var result = TaskResult(id: TaskID("\(number)"), state: states[number % 6], value: .string("value \(number)"))
            (result.task, result.queue) = (["shop.sell", "shop.buy", "mail.send"][number % 3], number % 4 == 0 ? "slow" : "celery")
            if result.state != .success { result.failure = TaskFailure(type: "E\(number)", arguments: ["because"]) }
            result.request = Message(
                id: result.id, task: result.task ?? "", body: BodyCodec.encode(TaskArguments(args: [.int(Int64(100 + number))], kwargs: ["who": "Zoë"])))
            try await store.store([result])
            clock.advance(by: .seconds(1))
        }
    }

    @Test func `shows the newest first, in pages`() async throws {
        let store = try store()
        try await fill(store)
        #expect(try await list(store) == "11 10 9 8 7 6 5 4 3 2 1 0")
        let page = try await store.listedTasks(TaskFilter(), before: nil, limit: 5)
        #expect(page.map(\.id.text) == ["11", "10", "9", "8", "7"])
        #expect(try await list(store, before: page.last?.position, limit: 5) == "6 5 4 3 2")
        #expect(try await list(store, limit: 0) == "")
        let task = try #require(page.first)
        #expect(task.task == "mail.send" && task.queue == "celery" && task.phase == .revoked && task.result?.failure?.type == "E11")
        #expect(abs((task.changed - clock.now).inSeconds + 1) < 0.001)
        #expect(task.request.flatMap { try? BodyCodec.decode($0.body) }?.args == [111])
        // What changes comes to the beginning.
        try await store.store([TaskResult(id: TaskID("4"), state: .success)])
        #expect(try await list(store, limit: 2) == "4 11")
    }

    @Test func `results of one batch stand in its order`() async throws {
        let store = try store()
        try await store.store((0..<600).map { TaskResult(id: TaskID("\($0)"), state: .success) })
        #expect(try await list(store, limit: 1_000) == (0..<600).reversed().map { "\($0)" }.joined(separator: " "))
    }

    @Test func `selects states, also those of a task's own`() async throws {
        let store = try store()
        try await fill(store)
        #expect(try await list(store) { $0.phases = [.failure] } == "7 1")
        #expect(try await list(store) { $0.phases = [.failure, .revoked] } == "11 7 5 1")
        #expect(try await list(store) { $0.phases = [.started] } == "10 4")
        #expect(try await list(store) { $0.phases = [.success] } == "8 6 2 0")
        #expect(try await list(store, limit: 3) { $0.phases = [.success, .retry] } == "9 8 6")
        #expect(try await list(store) { $0.phases = [.queued] } == "")
    }

    @Test func `selects tasks by a pattern, queues, and times`() async throws {
        let store = try store()
        let begin = clock.now
        try await fill(store)
        #expect(try await list(store) { $0.task = "shop.*" } == "10 9 7 6 4 3 1 0")
        #expect(try await list(store) { $0.task = "mail.send" } == "11 8 5 2")
        #expect(try await list(store) { $0.task = "nothing*" } == "")
        #expect(try await list(store) { $0.queue = "slow" } == "8 4 0")
        #expect(try await list(store) { $0.queue = "none" } == "")
        #expect(try await list(store) { $0.since = begin + .seconds(9) } == "11 10 9")
        #expect(try await list(store) { $0.until = begin + .seconds(2) } == "1 0")
        #expect(try await list(store) { ($0.since, $0.until) = (begin + .seconds(3), begin + .seconds(5)) } == "4 3")
        #expect(try await list(store) { ($0.task, $0.queue, $0.phases) = ("shop.*", "celery", [.success, .retry]) } == "9 6 3")
        #expect(try await list(store) { ($0.task, $0.phases) = ("mail.*", [.failure]) } == "")
    }

    @Test func `finds text in arguments, values and errors, and not what is hidden`() async throws {
        let store = try store()
        try await fill(store)
        #expect(try await list(store) { $0.text = "107" } == "7")
        #expect(try await list(store) { $0.text = "value 8" } == "8")
        #expect(try await list(store) { $0.text = "E11" } == "11")
        #expect(try await list(store, limit: 3) { $0.text = "Zoë" } == "11 10 9")
        #expect(try await list(store, limit: 3) { $0.text = "who=Zo" } == "11 10 9")
        // A member of the document, but no text of the task.
        #expect(try await list(store) { $0.text = "date_done" } == "")
        #expect(try await list(store) { ($0.text, $0.queue) = ("because", "celery") } == "11 9 7 5 3 1")
        #expect(try await list(store) { ($0.text, $0.redaction) = ("Zoë", Redaction(["who"])) } == "")
    }

    @Test func `a text is found behind many others, and pages of what was found follow each other`() async throws {
        let store = try store()
        for start in stride(from: 0, to: 1_000, by: 100) {
            try await store.store(
                (start..<start + 100).map { TaskResult(id: TaskID("\($0)"), state: .success, value: .string($0 % 300 == 7 ? "needle" : "hay")) })
        }
        #expect(try await list(store) { $0.text = "needle" } == "907 607 307 7")
        var filter = TaskFilter()
        filter.text = "needle"
        let page = try await store.listedTasks(filter, before: nil, limit: 2)
        #expect(try await list(store, before: page.last?.position) { $0.text = "needle" } == "307 7")
    }

    @Test func `more names than ways are still found`() async throws {
        let store = try store()
        try await store.store((0..<150).map { number in
            var result = TaskResult(id: TaskID("\(number)"), state: .success)
            result.task = "task.\(number)"
            return result
        })
        #expect(try await list(store, limit: 3) { $0.task = "task.*" } == "149 148 147")
        #expect(try await list(store, limit: 3) { ($0.task, $0.queue) = ("task.*", "celery") } == "")
    }

    @Test func `what has expired is not shown`() async throws {
        let store = try store()
        try await fill(store)
        // Number 8 was stored an hour ago.
        clock.advance(by: .seconds(3_600 - 4))
        #expect(try await list(store) == "11 10 9")
        #expect(try await list(store) { $0.phases = [.success] } == "")
    }

    /// What the server would do, whatever it believes of the rows: no list passes all rows to find a few.
    @Test func `every list but one of a text is read along an index`() async throws {
        let store = try store()
        try await store.store([TaskResult(id: TaskID("a"), state: .success)])
        try place.tables.run("""
            INSERT INTO celery_result (id, number, state, attempt, document, task, queue)
            SELECT 'n' || n, n, CASE WHEN n < 20 THEN 'FAILURE' ELSE 'SUCCESS' END, 1, '{"status": "SUCCESS", "task_id": "n"}',
                CASE WHEN n < 20 THEN 'rare' ELSE 'usual' END, CASE WHEN n < 20 THEN 'rare' ELSE 'celery' END
            FROM generate_series(1, 60000) AS n
            """)
        try place.tables.run("ANALYZE celery_result")
        func read() throws -> Int64 {
            try #require(try place.count("""
                SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables
                WHERE schemaname = '\(place.tables.name)' AND relname = 'celery_result'
                """))
        }
        let changes: [(String, @Sendable (inout TaskFilter) -> Void)] = [
            ("all", { _ in }), ("states", { $0.phases = [.failure] }), ("no state", { $0.phases = [.revoked] }), ("task", { $0.task = "rare" }),
            ("queue", { $0.queue = "rare" }), ("no queue", { $0.queue = "none" }), ("until", { $0.until = Timestamp(seconds: 0.000_1) }),
            ("state and task", { ($0.phases, $0.task) = ([.failure], "r*") }),
        ]
        for (name, change) in changes {
            let before = try read()
            let url = place.url + "&application_name=\(place.tables.name)"
            let other = PostgreSQLResultStore(try place.server(url), PostgreSQLResultStore.Terms(expires: nil)) { [clock] in clock.now }
            _ = try await list(other, limit: 20, change)
            await other.close()
            // A connection that has ended has told what it read.
            #expect(try await eventually {
                try place.count("SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(place.tables.name)'") == 0
            })
            #expect(try read() - before < 2_000, "\(name)")
        }
    }
}
