import CeleryCore
import Fixtures
import Mongo
import ResultStores
import Testing

/// What Python's Celery finds in a MongoDB database after us, and we after Python.
@Suite(.timeLimit(.minutes(3))) struct MongoResultStoreTests {
    private let server: MongoServer

    init() throws { server = try MongoServer() }

    private func store(expires: Double? = 3_600, options: String = "", clock: ManualClock = ManualClock()) throws -> MongoResultStore {
        try MongoResultStore(MongoOptions(ServiceURL(server.url + options)), expires: expires) { clock.now }
    }

    private func result(_ id: String, _ state: TaskState = .success, attempt: Int = 1, value: JSON = nil) -> TaskResult {
        var result = TaskResult(id: TaskID(id), state: state, value: value, failure: state == .failure ? TaskFailure(type: "E") : nil)
        result.attempt = attempt
        return result
    }

    /// A document as Celery 5.7 writes it.
    private func python(_ id: String, _ state: String, _ value: MongoServerValue, done milliseconds: Int64? = 1_000_000_000_000) -> MongoServerValue {
        MongoServerValue([
            ("_id", .text(id)), ("status", .text(state)), ("result", value), ("traceback", .null),
            ("children", .list([.list([.list([.text("child"), .null]), .null])])), ("date_done", milliseconds.map(MongoServerValue.date) ?? .null),
        ])
    }

    // MARK: Layout

    @Test func `a result is Python's document, with what is ours beside`() async throws {
        let store = try store()
        var done = result("a", attempt: 3, value: ["x": 1])
        done.dateDone = Timestamp(seconds: 1_000_000_000.0625)
        done.children = [[["child", nil], nil]]
        done.groupID = "g"
        try await store.store([done])
        let document = try #require(server.document("a"))
        #expect(document.members.prefix(6).map(\.name) == ["_id", "status", "result", "traceback", "children", "date_done"])
        #expect(document["status"] == .text("SUCCESS") && document["result"] == .text(#"{"x": 1}"#) && document["traceback"] == .null)
        #expect(document["children"] == .list([.list([.list([.text("child"), .null]), .null])]) && document["group_id"] == .text("g"))
        #expect(document["date_done"] == .date(1_000_000_000_062) && document["attempt"] == .int(3, isLong: false))
        // Without these Python cannot read an extended result.
        for name in ["name", "args", "kwargs", "worker", "queue"] { #expect(document[name] == .null) }
        await store.close()
    }

    @Test func `a failure is text of Python's three parts`() async throws {
        let store = try store()
        try await store.store([result("a", .failure)])
        #expect(server.document("a")?["result"] == .text(#"{"exc_type": "E", "exc_message": [], "exc_module": "celery.exceptions"}"#))
        await store.close()
    }

    @Test func `other collections are named by the URL`() async throws {
        let store = try store(options: "?taskmeta_collection=t&groupmeta_collection=g")
        try await store.store([result("a")])
        try await store.keep(TaskSetRecord(id: SetNumbering().id, total: 1, created: .now))
        #expect(server.documents("t").count == 1 && server.documents("g").count == 1 && server.documents().isEmpty)
        await store.close()
    }

    @Test func `reads what Python writes`() async throws {
        let store = try store(expires: nil)
        server.insert(python("json", "SUCCESS", .text("[1, 2]")))
        server.insert(python("bson", "SUCCESS", MongoServerValue([("n", .int(5, isLong: true)), ("l", .list([.double(0.5)]))])))
        server.insert(python("pickle", "SUCCESS", .bytes([0x80, 2, 0x4B, 7, 0x2E], 0)))
        server.insert(python("started", "STARTED", .text("null"), done: nil))
        server.insert(python("failed", "FAILURE", .text(#"{"exc_type": "ValueError", "exc_message": ["no"], "exc_module": "builtins"}"#)))
        let found = try await store.results(for: ["json", "bson", "pickle", "started", "failed"].map(TaskID.init))
        #expect(found[TaskID("json")]?.value == [1, 2] && found[TaskID("bson")]?.value == ["n": 5, "l": [0.5]] && found[TaskID("pickle")]?.value == 7)
        #expect(found[TaskID("json")]?.dateDone == Timestamp(seconds: 1_000_000_000) && found[TaskID("json")]?.children == [[["child", nil], nil]])
        #expect(found[TaskID("started")]?.state == .started && found[TaskID("failed")]?.failure?.type == "ValueError")
        server.insert(python("yaml", "SUCCESS", .text("a: 1\n")))
        let error = await #expect(throws: DriverError.self) { try await store.results(for: [TaskID("yaml")]) }
        #expect(error?.code == .unusable && error?.hint == "let Python's programs write json: result_serializer")
        await store.close()
    }

    // MARK: Who wins

    @Test func `what Python has finished is not replaced, and what it has begun is`() async throws {
        let store = try store()
        for state in ["SUCCESS", "FAILURE", "REVOKED", "STARTED", "RETRY", "PROGRESS"] {
            server.insert(python(state, state, .text("null")))
            try await store.store([result(state, attempt: 2, value: "ours")])
            let isOurs = server.document(state)?["result"] == .text("\"ours\"")
            #expect(isOurs == ["STARTED", "RETRY", "PROGRESS"].contains(state), "\(state)")
        }
        // An announcement counts for less than any attempt, also of Python.
        server.insert(python("s", "STARTED", .text("null")))
        try await store.store([result("s", .revoked, attempt: 0)])
        #expect(server.document("s")?["status"] == .text("STARTED"))
        await store.close()
    }

    @Test func `who finds a document that was inserted in the same moment looks again`() async throws {
        let stores = [try store(), try store()]
        for round in 0..<50 {
            async let first: Void = stores[0].store([result("race-\(round)", .started)])
            async let second: Void = stores[1].store([result("race-\(round)", value: 1)])
            _ = try await (first, second)
            #expect(server.document("race-\(round)")?["status"] == .text("SUCCESS"))
        }
        for store in stores { await store.close() }
    }

    @Test func `of two results of one task stored together the second finds the first`() async throws {
        let store = try store()
        try await store.store([result("a", .started), result("a", value: 1), result("a", value: 2)])
        #expect(try await store.results(for: [TaskID("a")])[TaskID("a")]?.value == 1)
        await store.close()
    }

    // MARK: Trouble

    @Test func `a result that is larger than documents may be is refused by its id, before anything is sent`() async throws {
        let store = try store()
        let large = result("large", value: .string(String(repeating: "x", count: 16 << 20)))
        let error = await #expect(throws: DriverError.self) { try await store.store([result("a"), large]) }
        #expect(error?.code == .refused && error?.subject == TaskID("large") && error?.hint == "let the task return the name of a file")
        #expect(server.commands.isEmpty)
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

    @Test func `a user without rights is told what to grant`() async throws {
        var manner = MongoServer.Manner()
        manner.forbidden = ["update", "createIndexes"]
        let server = try MongoServer(manner)
        let store = MongoResultStore(try MongoOptions(ServiceURL(server.url)), expires: 60)
        let error = await #expect(throws: DriverError.self) { try await store.store([result("a")]) }
        #expect(error?.code == .noPermission && error?.hint == "grant the user of the URL the role readWrite on the database of results")
        // Without an index it only takes longer.
        #expect(try await store.dropExpired(now: .now, limit: 10) == 0)
        await store.close()
    }

    // MARK: Expiry and groups

    @Test func `cleaning up drops what Python has dated, too, and makes Python's indexes`() async throws {
        let clock = ManualClock()
        let store = try store(expires: 60, clock: clock)
        server.insert(python("old", "SUCCESS", .text("1"), done: 1_000_000_000_000))
        server.insert(python("begun", "STARTED", .text("null"), done: nil))
        server.insert(MongoServerValue([("_id", .text("group")), ("result", .text("[]")), ("date_done", .date(1_000_000_000_000))]), into: "celery_groupmeta")
        clock.advance(by: .seconds(60))
        #expect(try await store.results(for: [TaskID("old")]).isEmpty)
        #expect(try await store.dropExpired(now: clock.now, limit: 100) == 2)
        #expect(server.documents().compactMap { $0["_id"]?.text } == ["begun"] && server.documents("celery_groupmeta").isEmpty)
        #expect(server.indexes == ["results.celery_taskmeta.date_done_1", "results.celery_groupmeta.date_done_1"])
        await store.close()
    }

    @Test func `a task-set is Python's group`() async throws {
        let store = try store()
        let set = SetNumbering()
        try await store.keep(TaskSetRecord(id: set.id, total: 2, created: Timestamp(seconds: 5)))
        let document = try #require(server.document(set.id, in: "celery_groupmeta"))
        #expect(document["result"] == .text("[\"\(set.member(1))\", \"\(set.member(2))\"]") && document["date_done"] == .date(5_000))
        server.insert(MongoServerValue([("_id", .text("python")), ("result", .text(#"["a", "b"]"#)), ("date_done", .date(7_000))]), into: "celery_groupmeta")
        #expect(try await store.taskSet("python")?.ids(1...2) == [TaskID("a"), TaskID("b")])
        #expect(try await store.taskSets(limit: 10).map(\.id) == ["python", set.id])
        await store.close()
    }

    @Test func `ids are found by their beginning`() async throws {
        let store = try store()
        try await store.store(["ab", "abc", "b", "aa"].map { result($0) })
        #expect(try await store.taskIDs(startingWith: "ab", limit: 10).map(\.text) == ["abc", "ab"])
        #expect(try await store.taskIDs(startingWith: "", limit: 3).count == 3)
        await store.close()
    }
}
