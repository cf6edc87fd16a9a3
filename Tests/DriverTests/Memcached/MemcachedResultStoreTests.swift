import CeleryCore
import Fixtures
import Memcached
import ResultStores
import Testing

/// What Python's Celery finds in a Memcached server after us, and we after Python.
@Suite(.timeLimit(.minutes(3))) struct MemcachedResultStoreTests {
    private let place: MemcachedPlace

    init() throws { place = try MemcachedPlace() }

    private func result(_ id: String, _ state: TaskState = .success, attempt: Int = 1, value: JSON = nil) -> TaskResult {
        var result = TaskResult(id: TaskID(id), state: state, value: value, failure: state == .failure ? TaskFailure(type: "E") : nil)
        result.attempt = attempt
        return result
    }

    // MARK: Layout

    @Test func `a result is the value of Python's key, as bytes`() async throws {
        let store = try place.store()
        try await store.store([result("a", attempt: 3, value: ["x": 1])])
        let value = try #require(try await place.link.values(of: [place.key("a")])[place.key("a")])
        #expect(value.flags == 0)
        let document = try JSON(parsing: value.bytes)
        #expect(document["status"] == "SUCCESS" && document["attempt"] == 3 && document["result"] == ["x": 1] && document["task_id"] == "a")
        await store.close()
    }

    @Test func `an expired result is gone`() async throws {
        // The server counts whole seconds of its own: one may be over at once.
        let store = try place.store(expires: 5)
        try await store.store([result("a")])
        #expect(try await store.results(for: [TaskID("a")]).count == 1)
        #expect(try await eventually { try await store.results(for: [TaskID("a")]).isEmpty })
        await store.close()
    }

    @Test func `a result may be kept for more than thirty days`() async throws {
        // As a number of seconds the server would take it for a day in 1970.
        let store = try place.store(expires: 60 * 86_400)
        try await store.store([result("a")])
        #expect(try await store.results(for: [TaskID("a")]).count == 1)
        await store.close()
    }

    @Test(arguments: [("shop", "shop_"), ("shop:", "shop:"), ("a-", "a-")])
    func `the prefix of keys is Python's`(setting: String, prefix: String) async throws {
        let id = TaskID()
        let store = try MemcachedResultStore(
            MemcachedOptions(ServiceURL(place.server.url)), MemcachedResultStore.Terms(expires: 60, keyPrefix: "\(id)\(setting)"))
        try await store.store([result(id.text)])
        #expect(try await place.get("\(id)\(prefix)celery-task-meta-\(id)") != nil)
        await store.close()
    }

    @Test func `refuses a prefix and ids that are no keys, before anything is sent`() async throws {
        let options = try MemcachedOptions(ServiceURL(place.server.url))
        for prefix in ["a b", "a\n", String(repeating: "x", count: 240)] {
            let error = #expect(throws: DriverError.self) { try MemcachedResultStore(options, MemcachedResultStore.Terms(expires: 60, keyPrefix: prefix)) }
            #expect(error?.code == .configuration && error?.message.contains("CELERY_RESULT_KEY_PREFIX") == true)
        }
        let store = try place.store()
        for id in ["a b", "a\r\nflush_all", "", "\u{0}", String(repeating: "x", count: 234)] {
            let error = await #expect(throws: DriverError.self) { try await store.store([result("good"), result(id)]) }
            #expect(error?.code == .refused && error?.isAboutRequest == true)
            await #expect(throws: DriverError.self) { try await store.results(for: [TaskID(id)]) }
            await #expect(throws: DriverError.self) { try await store.forget([TaskID(id)]) }
        }
        #expect(try await store.results(for: [TaskID("good")]).isEmpty)
        await store.close()
    }

    @Test func `takes ids of letters of any language, and confuses none`() async throws {
        let ids = ["a", "A", "ü☃𝔘", "*", "?[a]*", "%s", "a:b", "a/b", "{a}", "1", "01"].map(TaskID.init)
        let store = try place.store()
        try await store.store(ids.enumerated().map { result($1.text, value: .int(Int64($0))) })
        let stored = try await store.results(for: ids)
        for (number, id) in ids.enumerated() { #expect(stored[id]?.value == .int(Int64(number)), "\(id)") }
        await store.close()
    }

    @Test func `reads what every client of Python writes, and refuses pickles`() async throws {
        let store = try place.store()
        let document = #"b'{"status": "SUCCESS", "result": 5, "traceback": null, "children": [], "task_id": "a"}'"#
        for (flags, value) in [(0, document), (16, document), (8, "zlib.compress(\(document))"), (24, "zlib.compress(\(document))")] {
            try place.set(place.key("a"), flags: flags, python: value)
            #expect(try await store.results(for: [TaskID("a")])[TaskID("a")]?.value == 5, "\(flags)")
            try await store.store([result("a", .failure)])
            #expect(try await store.results(for: [TaskID("a")])[TaskID("a")]?.state == .success)
        }
        try place.set(place.key("b"), flags: 8, python: "zlib.compress(b' ' * (300 << 20))")
        let bomb = await #expect(throws: DriverError.self) { try await store.results(for: [TaskID("b")]) }
        #expect(bomb?.code == .unusable && bomb?.message.contains("larger than") == true)
        try place.set(place.key("c"), flags: 1, python: "b'x'")
        let pickle = await #expect(throws: DriverError.self) { try await store.results(for: [TaskID("c")]) }
        #expect(pickle?.code == .unusable && pickle?.hint?.contains("result_serializer") == true)
        await store.close()
    }

    // MARK: Who wins

    @Test func `what Python has finished is not replaced, and what it has begun is`() async throws {
        let store = try place.store()
        for state in ["SUCCESS", "FAILURE", "REVOKED", "STARTED", "RETRY"] {
            let id = TaskID().text
            try await place.set(place.key(id), #"{"status": "\#(state)", "result": null, "task_id": "\#(id)"}"#)
            try await store.store([result(id, attempt: 2, value: "ours")])
            let isOurs = try await store.results(for: [TaskID(id)])[TaskID(id)]?.value == "ours"
            #expect(isOurs == ["STARTED", "RETRY"].contains(state), "\(state)")
        }
        await store.close()
    }

    @Test func `of two results of one task stored together the second finds the first`() async throws {
        let store = try place.store()
        try await store.store([result("a", .started), result("a", value: 1), result("a", value: 2)])
        #expect(try await store.results(for: [TaskID("a")])[TaskID("a")]?.value == 1)
        await store.close()
    }

    // MARK: Trouble

    @Test func `a result over the server's limit is refused by its id, and the others are stored`() async throws {
        let server = try LocalMemcached.start(options: ["--item-size", "1m"])
        let store = try place.store(url: server.url)
        let large = result("large", value: .string(String(repeating: "x", count: 2 << 20)))
        let error = await #expect(throws: DriverError.self) { try await store.store([result("a"), large, result("b")]) }
        #expect(error?.code == .refused && error?.subject == TaskID("large"))
        #expect(error?.message.hasSuffix("more than \(server.url) keeps as one value") == true)
        #expect(error?.hint == "raise the server's limit, such as memcached -I 16m, or let the task return the name of a file")
        #expect(try await Set(store.results(for: ["a", "b", "large"].map(TaskID.init)).keys) == [TaskID("a"), TaskID("b")])
        // What is there stays: a smaller result may have been stored before.
        try await store.store([result("large", .started)])
        await #expect(throws: DriverError.self) { try await store.store([large]) }
        #expect(try await store.results(for: [TaskID("large")])[TaskID("large")]?.state == .started)
        await store.close()
        try server.perform("stop")
    }

    @Test func `a server that is away is an error until it is back`() async throws {
        let server = try LocalMemcached.start()
        let store = try place.store(url: server.url)
        try await store.store([result("a")])
        try server.perform("kill")
        let error = await #expect(throws: DriverError.self) { try await store.store([result("b")]) }
        #expect(error?.code == .unreachable)
        try server.perform("restart")
        // For a moment after a failure the same error is given without another attempt.
        #expect(try await eventually { (try? await store.store([result("b")])) != nil })
        #expect(try await Set(store.results(for: [TaskID("a"), TaskID("b")]).keys) == [TaskID("b")])
        await store.close()
        try server.perform("stop")
    }

    // MARK: Task-sets

    @Test func `a task-set is Python's group`() async throws {
        let store = try place.store()
        let set = SetNumbering()
        try await store.keep(TaskSetRecord(id: set.id, total: 2, created: Timestamp(seconds: 5)))
        let document = try JSON(parsing: Array(#require(try await place.get(place.group(set.id))).utf8))
        let members: [JSON] = [1, 2].map { [[.string(set.member($0).text), nil], nil] }
        #expect(document["result"] == [[.string(set.id), nil], .array(members)])
        try await place.set(place.group("python"), #"{"result": [["python", null], [[["a", null], null], [["h", null], [[["b", null], null]]]]]}"#)
        #expect(try await store.taskSet("python")?.ids(1...2) == [TaskID("a"), TaskID("b")])
        await store.close()
    }

    @Test func `says that it cannot list task-sets, and takes none that is too large`() async throws {
        let store = try place.store()
        let list = await #expect(throws: DriverError.self) { try await store.taskSets(limit: 10) }
        #expect(list?.code == .unsupported && list?.hint == "name the task-set by its id")
        let large = await #expect(throws: DriverError.self) { try await store.keep(TaskSetRecord(id: SetNumbering().id, total: 10_001, created: .now)) }
        #expect(large?.code == .refused)
        try await store.keep(TaskSetRecord(id: SetNumbering().id, total: 10_000, created: .now))
        await store.close()
    }
}
