import CeleryCore
import Fixtures
import ResultStores
import Testing
import Tyrant

/// What lies in a Tokyo Tyrant server after us.
@Suite(.timeLimit(.minutes(3))) struct TyrantResultStoreTests {
    private let server: TyrantServer

    init() throws { server = try TyrantServer() }

    private func store(expires: Double? = 3_600, prefix: String = "", clock: ManualClock = ManualClock()) throws -> TyrantResultStore {
        try TyrantResultStore(TyrantOptions(ServiceURL(server.url)), expires: expires, keyPrefix: prefix) { clock.now }
    }

    private func result(_ id: String, _ state: TaskState = .success, attempt: Int = 1, value: JSON = nil) -> TaskResult {
        var result = TaskResult(id: TaskID(id), state: state, value: value, failure: state == .failure ? TaskFailure(type: "E") : nil)
        result.attempt = attempt
        return result
    }

    private func document(_ key: String) throws -> JSON { try JSON(parsing: Array(#require(server.value(key)).utf8)) }

    // MARK: Layout

    @Test func `a final result is JSON under the key of the original, and what comes before it beside that`() async throws {
        let store = try store()
        try await store.store([result("a", .started)])
        #expect(server.keys == ["celery-task-state-a"])
        #expect(try document("celery-task-state-a")["status"] == "STARTED")
        try await store.store([result("a", attempt: 3, value: ["x": 1])])
        #expect(server.keys == ["celery-task-meta-a"])
        let found = try document("celery-task-meta-a")
        #expect(found["status"] == "SUCCESS" && found["attempt"] == 3 && found["result"] == ["x": 1] && found["task_id"] == "a")
        #expect(found["date_stored"]?.doubleValue == 1_000_000_000)
        await store.close()
    }

    @Test(arguments: [("shop", "shop_"), ("shop:", "shop:"), ("a-", "a-")])
    func `all keys begin with the prefix`(setting: String, prefix: String) async throws {
        let store = try store(prefix: setting)
        try await store.store([result("a")])
        #expect(server.keys == ["\(prefix)celery-task-meta-a"])
        await store.close()
    }

    @Test func `refuses a prefix and ids that are no keys, before anything is sent`() async throws {
        let error = #expect(throws: DriverError.self) { try self.store(prefix: "a\n") }
        #expect(error?.code == .configuration && error?.message == "CELERY_RESULT_KEY_PREFIX cannot begin the keys of Tokyo Tyrant: it has a control character in it")
        let store = try store()
        for id in ["a\r\nb", "", "\u{0}", String(repeating: "x", count: 4_090)] {
            let error = await #expect(throws: DriverError.self) { try await store.store([result("good"), result(id)]) }
            #expect(error?.code == .refused && error?.isAboutRequest == true)
            await #expect(throws: DriverError.self) { try await store.results(for: [TaskID(id)]) }
            await #expect(throws: DriverError.self) { try await store.forget([TaskID(id)]) }
        }
        #expect(server.commands.isEmpty)
        await store.close()
    }

    @Test func `pickles of the original are no results, and are replaced`() async throws {
        let store = try store()
        server.set("celery-task-meta-a", [0x80, 2, 0x7D, 0x71, 0, 0x2E])
        let error = await #expect(throws: DriverError.self) { try await store.results(for: [TaskID("a")]) }
        #expect(error?.code == .unusable && error?.hint?.hasSuffix("celery result --forget a") == true)
        try await store.store([result("a", value: 1)])
        #expect(try await store.results(for: [TaskID("a")])[TaskID("a")]?.value == 1)
        await store.close()
    }

    // MARK: Who wins

    @Test func `of a hundred who store the first result at once, one wins for all`() async throws {
        let stores = try (0..<4).map { _ in try store() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask { [self] in try await stores[number % 4].store([result("a", value: .int(Int64(number)))]) }
            }
            try await group.waitForAll()
        }
        let winner = try await stores[0].results(for: [TaskID("a")])
        for store in stores {
            #expect(try await store.results(for: [TaskID("a")]) == winner)
            await store.close()
        }
    }

    @Test func `what is not final never hides what is`() async throws {
        let store = try store()
        try await store.store([result("a", value: 1)])
        // As from another worker, in the moment before.
        server.set("celery-task-state-a", Array(#"{"date_stored": 1000000000.0, "status": "RETRY", "attempt": 9, "task_id": "a"}"#.utf8))
        #expect(try await store.results(for: [TaskID("a")])[TaskID("a")]?.value == 1)
        #expect(try await store.forget([TaskID("a")]) == 1)
        #expect(server.keys.isEmpty)
        await store.close()
    }

    @Test func `of two results of one task stored together the second finds the first`() async throws {
        let store = try store()
        try await store.store([result("a", .started), result("a", value: 1), result("a", value: 2)])
        #expect(try await store.results(for: [TaskID("a")])[TaskID("a")]?.value == 1)
        await store.close()
    }

    // MARK: Trouble

    @Test func `a server that forbids storing is an error, and not a result of somebody else`() async throws {
        let server = try TyrantServer(forbidden: [0x11])
        let store = try TyrantResultStore(TyrantOptions(ServiceURL(server.url)), expires: nil)
        let error = await #expect(throws: DriverError.self) { try await store.store([result("a")]) }
        #expect(error?.code == .tryAgain && error?.message == "\(server.url): the server does not store the result of a")
        await store.close()
    }

    @Test func `a server that is away is an error until it is back`() async throws {
        let store = try store()
        try await store.store([result("a")])
        server.cut(isAway: true)
        let error = await #expect(throws: DriverError.self) { try await store.store([result("b")]) }
        #expect(error?.code == .unreachable)
        server.comeBack()
        #expect(try await eventually { (try? await store.store([result("b")])) != nil })
        #expect(try await store.results(for: [TaskID("a"), TaskID("b")]).count == 2)
        await store.close()
    }

    // MARK: Expiry

    @Test func `cleaning up takes only our keys, what was begun and sets included, and nothing without a date`() async throws {
        let clock = ManualClock()
        let store = try store(expires: 60, clock: clock)
        let set = SetNumbering()
        try await store.store([result("a"), result("b", .started)])
        try await store.keep(TaskSetRecord(id: set.id, total: 2, created: clock.now))
        #expect(try await store.replace(set.member(1), by: TaskID("new"), in: set.id))
        server.set("celery-task-meta-old", [0x80, 2, 0x2E])
        server.set("of-another-program", Array(#"{"date_stored": 1.0, "x": 1}"#.utf8))
        clock.advance(by: .seconds(60))
        #expect(try await store.dropExpired(now: clock.now, limit: 100) == 4)
        #expect(server.keys == ["celery-task-meta-old", "of-another-program"])
        await store.close()
    }

    @Test func `nobody looks through the keys before anything can have expired`() async throws {
        let clock = ManualClock()
        let store = try store(expires: 60, clock: clock)
        try await store.store([result("a")])
        #expect(try await store.dropExpired(now: clock.now, limit: 100) == 0)
        let count = server.commands.count
        clock.advance(by: .seconds(59))
        #expect(try await store.dropExpired(now: clock.now, limit: 100) == 0)
        #expect(server.commands.count == count)
        clock.advance(by: .seconds(1))
        #expect(try await store.dropExpired(now: clock.now, limit: 100) == 1)
        await store.close()
    }

    @Test func `a member of a set is replaced once by whoever is first`() async throws {
        let (store, other, set) = (try store(), try store(), SetNumbering())
        try await store.keep(TaskSetRecord(id: set.id, total: 40, created: .now))
        for number in 1...40 {
            async let mine = store.replace(set.member(number), by: TaskID("mine-\(number)"), in: set.id)
            async let others = other.replace(set.member(number), by: TaskID("other-\(number)"), in: set.id)
            let (isMine, isOthers) = try await (mine, others)
            #expect(isMine != isOthers)
            #expect(try await store.taskSet(set.id)?.member(number) == TaskID("\(isMine ? "mine" : "other")-\(number)"))
        }
        #expect(try await store.forgetTaskSets([set.id]) == 1)
        #expect(server.keys.isEmpty)
        await store.close()
        await other.close()
    }
}
