import CeleryCore
import Fixtures
import ResultStores
import SQL
import Testing
import Wire

/// Results in our own layout in PostgreSQL: what the promises of all stores do not say.
@Suite(.timeLimit(.minutes(3))) struct OwnPostgreSQLStoreTests {
    let place: OwnPostgreSQLPlace

    init() throws { place = try OwnPostgreSQLPlace() }

    private func result(_ id: String, _ value: JSON = 5, in set: String? = nil) -> TaskResult {
        var result = TaskResult(id: TaskID(id), state: .success, value: value)
        result.groupID = set
        return result
    }

    private func started(_ id: String, attempt: Int) -> TaskResult {
        var result = TaskResult(id: TaskID(id), state: .started)
        result.attempt = attempt
        return result
    }

    // MARK: Rows

    @Test func `other programs read the rows`() async throws {
        let store = try place.store(expires: nil)
        var given = result("a", ["x": "ü"])
        (given.task, given.queue, given.groupID, given.submitted) = ("shop.sell", "orders", "g", Timestamp(seconds: 1_000.5))
        try await store.store([given])
        let row = try #require(try place.tables.rows("""
            SELECT state, attempt, task, queue, member_of, submitted::text, expires, document::json ->> 'result',
                to_timestamp((number >> 8) / 1e6) > now() - interval '1 hour'
            FROM celery_result
            """).first)
        #expect(row.map(\.text) == ["SUCCESS", "1", "shop.sell", "orders", "g", "1000.5", nil, #"{"x": "\u00fc"}"#, "1"])
        #expect(try await store.results(for: [given.id])[given.id]?.submitted == Timestamp(seconds: 1_000.5))
    }

    @Test func `several results of one task in a batch are as if stored one after the other`() async throws {
        let store = try place.store()
        var first = started("a", attempt: 2)
        first.request = Message(id: TaskID("a"), task: "t", body: BodyCodec.encode(TaskArguments(args: [1])))
        var revoked = TaskResult(id: TaskID("b"), state: .revoked)
        revoked.attempt = 0
        try await store.store([first, started("a", attempt: 1), result("b", 0), revoked, revoked])
        var second = result("a", 2)
        second.attempt = 2
        try await store.store([second, result("c", 1), result("c", 2), revoked, result("b", 9)])
        let found = try await store.results(for: [TaskID("a"), TaskID("b"), TaskID("c")])
        #expect(found[TaskID("a")]?.value == 2 && found[TaskID("b")]?.value == 0 && found[TaskID("c")]?.value == 1)
        #expect(try await store.requests(for: [TaskID("a")])[TaskID("a")]?.task == "t")
    }

    @Test func `what the table cannot take is refused, and nothing of its batch is stored; what only describes is shortened`() async throws {
        let store = try place.store()
        for id in [String(repeating: "x", count: 2_001), "a\u{0}b"] {
            let error = await #expect(throws: DriverError.self) { try await store.store([result("good"), result(id)]) }
            #expect(error?.code == .refused && error?.subject == TaskID(id))
            #expect(try await store.results(for: [TaskID("good"), TaskID(id)]).isEmpty)
            #expect(try await store.forget([TaskID(id)]) == 0)
        }
        // Neither compressible nor short.
        var random = SystemRandomNumberGenerator()
        let long = String((0..<8_000).map { _ in Character(UnicodeScalar(UInt8.random(in: 97...122, using: &random))) })
        var given = result("a\u{FFFD}")
        (given.task, given.queue, given.groupID) = (long, "q\u{0}", long)
        try await store.store([given])
        // The document has all of it.
        #expect(try await store.results(for: [given.id])[given.id] == given)
        #expect(try place.count("SELECT length(task) FROM celery_result") == 1_000)
    }

    @Test func `arguments over the limit are not kept`() async throws {
        let store = try place.store(argumentLimit: 100)
        for size in [10, 1_000] {
            var given = result("\(size)")
            given.request = Message(
                id: given.id, task: "t", body: BodyCodec.encode(TaskArguments(args: [.string(String(repeating: "x", count: size))])))
            try await store.store([given])
        }
        #expect(try await Array(store.requests(for: [TaskID("10"), TaskID("1000")]).keys) == [TaskID("10")])
    }

    @Test func `batches of thousands, and of megabytes, are stored whole or not at all`() async throws {
        let store = try place.store()
        let text = JSON.string(String(repeating: "0123456789", count: 10_000))
        let results = (0..<2_500).map { result("\($0)") } + (0..<30).map { result("big \($0)", text) }
        try await store.store(results)
        #expect(try await store.results(for: results.map(\.id)).count == 2_530)
        await #expect(throws: DriverError.self) { try await store.store((0..<1_500).map { result("new \($0)") } + [result("\u{0}")]) }
        #expect(try place.count("SELECT count(*) FROM celery_result") == 2_530)
    }

    @Test func `what has expired is deleted in pieces, by several at once`() async throws {
        let clock = ManualClock()
        let stores = try (0..<3).map { _ in try place.store(expires: 60, outputExpires: 30) { clock.now } }
        try await stores[0].store((0..<3_000).map { result("\($0)") })
        try await stores[0].keep([AttemptOutput(id: TaskID("0"), attempt: 1, isFinal: true, content: [])])
        try await stores[0].keep(TaskSetRecord(id: SetNumbering().id, total: 1, created: clock.now))
        clock.advance(by: .seconds(30))
        #expect(try await stores[0].dropExpired(now: clock.now, limit: 1_000) == 1)
        clock.advance(by: .seconds(30))
        let now = clock.now
        let dropped = try await withThrowingTaskGroup(of: Int.self) { group in
            for store in stores {
                group.addTask {
                    var sum = 0
                    while true {
                        let count = try await store.dropExpired(now: now, limit: 100)
                        sum += count
                        if count == 0 { return sum }
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(dropped == 3_001)
        #expect(try place.count("SELECT (SELECT count(*) FROM celery_result) + (SELECT count(*) FROM celery_task_set)") == 0)
    }

    @Test func `ids are found by their beginning, whatever it is`() async throws {
        let store = try place.store()
        for id in ["ab1", "ab2", "a%b", "AB", "ü"] { try await store.store([result(id)]) }
        #expect(try await store.taskIDs(startingWith: "ab", limit: 5) == [TaskID("ab2"), TaskID("ab1")])
        #expect(try await store.taskIDs(startingWith: "a%", limit: 5) == [TaskID("a%b")])
        #expect(try await store.taskIDs(startingWith: "", limit: 2) == [TaskID("ü"), TaskID("AB")])
        #expect(try await store.taskIDs(startingWith: "x\u{0}", limit: 2).isEmpty)
    }

    // MARK: Waiting

    @Test func `who follows many tasks is told which of them have results`() async throws {
        let (store, other) = (try place.store(), try place.store())
        try await other.store([result("before")])
        let ids = (0..<40).map { TaskID("\($0)") }
        try await promptly("the results of all") {
            var open = Set(ids)
            _ = try await store.results(for: ids)
            var position = try await store.feedPosition()
            async let stored: Void = {
                for id in ids { try await other.store([result(id.text), result("of another \(id)")]) }
            }()
            while !open.isEmpty {
                let mark = await store.mark()
                let changes = try await store.changes(after: position)
                position = changes.position
                #expect(Set(changes.ids).isSubset(of: ids))
                for id in try await store.results(for: changes.ids).keys { open.remove(id) }
                if open.isEmpty { break }
                try await store.waitForChange(since: mark, until: nil)
            }
            try await stored
        }
        await store.close()
    }

    // MARK: Failures

    @Test func `a wrong password, and a user without rights, are told without the password`() async throws {
        try await place.store().store([result("a")])
        try place.tables.run("GRANT USAGE ON SCHEMA \(place.tables.name) TO reader")
        for (user, word) in [("celery:wrong-secret", "password"), ("reader:reader-secret", "permission denied")] {
            let url = place.url.replacing("celery:celery-secret", with: user)
            let store = PostgreSQLResultStore(try place.server(url), PostgreSQLResultStore.Terms(expires: nil))
            for _ in 0..<2 {
                let error = await #expect(throws: DriverError.self) { try await store.store([result("a")]) }
                #expect(error?.code == .noPermission && error?.message.contains(word) == true, "\(String(describing: error))")
                #expect(error.map { !"\($0) \($0.hint ?? "")".contains("secret") } == true)
            }
            await #expect(throws: DriverError.self) { try await store.results(for: [TaskID("a")]) }
        }
    }

    @Test func `who may only read, reads; who may not make tables is told to have them made`() async throws {
        let url = place.url.replacing("celery:celery-secret", with: "reader:reader-secret")
        try place.tables.run("GRANT USAGE ON SCHEMA \(place.tables.name) TO reader")
        let reader = PostgreSQLResultStore(try place.server(url), PostgreSQLResultStore.Terms(expires: nil))
        #expect(try await reader.results(for: [TaskID("a")]).isEmpty)
        let error = await #expect(throws: DriverError.self) { try await reader.store([result("a")]) }
        #expect(error?.code == .noPermission && error?.hint?.contains("celery syncdb") == true)
        try await place.store().store([result("a")])
        try place.tables.run("GRANT SELECT ON ALL TABLES IN SCHEMA \(place.tables.name) TO reader")
        #expect(try await reader.results(for: [TaskID("a")])[TaskID("a")]?.value == 5)
        #expect(try await reader.listedTasks(TaskFilter(), before: nil, limit: 5).count == 1)
    }

    @Test func `warns of a server that may lose results`() async throws {
        let warnings = try await place.store().durabilityWarnings()
        // The servers of tests do not flush.
        #expect(warnings.contains { $0.contains(" has fsync = off: ") }, "\(warnings)")
        #expect(warnings.allSatisfy { !$0.contains("secret") })
    }

    @Test func `a server that falls silent is given up; killed and started again, it is used again`() async throws {
        let own = try DatabaseServer.start(.postgreSQL, options: [])
        let store = try OwnPostgreSQLPlace(own).store()
        try await store.store([result("a")])
        try own.perform("suspend")
        let began = ContinuousClock.now
        let error = await #expect(throws: DriverError.self) { _ = try await store.forget([TaskID("b")]) }
        #expect(error?.code == .unreachable)
        #expect((ContinuousClock.now - began).isWaitForSilentServer)
        try own.perform("resume")
        #expect(try await eventually { (try? await store.store([result("b")])) != nil })
        try own.perform("kill")
        await #expect(throws: DriverError.self) { try await store.store([result("c")]) }
        try own.perform("restart")
        #expect(try await eventually { (try? await store.store([result("c")])) != nil })
        #expect(try await store.results(for: [TaskID("a"), TaskID("b"), TaskID("c")]).count == 3)
        await store.close()
        try own.perform("stop")
    }
}
