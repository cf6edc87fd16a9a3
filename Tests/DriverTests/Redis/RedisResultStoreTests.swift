import CeleryCore
import Fixtures
import Redis
import ResultStores
import Testing

/// What Python's Celery finds in a Redis server after us, and we after Python.
@Suite(.timeLimit(.minutes(3))) struct RedisResultStoreTests {
    private let place: RedisPlace

    init() throws { place = try RedisPlace() }

    private func result(_ id: String, _ state: TaskState = .success, attempt: Int = 1, value: JSON = nil) -> TaskResult {
        var result = TaskResult(id: TaskID(id), state: state, value: value, failure: state == .failure ? TaskFailure(type: "E") : nil)
        result.attempt = attempt
        return result
    }

    // MARK: Layout

    @Test func `a result is the value of Python's key, which begins with its state and its attempt`() async throws {
        let store = try place.store()
        try await store.store([result("a", attempt: 3, value: ["x": 1])])
        let text = try #require(try await place.get(place.key("a")))
        #expect(text.hasPrefix(#"{"status": "SUCCESS", "attempt": 3, "result": {"x": 1}, "traceback": null, "#))
        #expect(text.contains(#""task_id": "a""#))
        await store.close()
    }

    @Test func `results, failures and groups are kept for as long as the settings say`() async throws {
        let store = try place.store(expires: 1_000, failureExpires: 50)
        try await store.store([result("good"), result("bad", .failure), result("again", .retry)])
        let set = SetNumbering()
        try await store.keep(TaskSetRecord(id: set.id, total: 2, created: .now))
        for (key, seconds) in [
            (place.key("good"), 1_000), (place.key("bad"), 50), (place.key("again"), 1_000), (place.group(set.id), 1_000),
        ] {
            let left = try #require(try await place.secondsLeft(key))
            #expect((seconds - 30...seconds).contains(left), "\(key)")
        }
        let lasting = try place.store(expires: nil, failureExpires: 0.2)
        try await lasting.store([result("ever"), result("brief", .failure)])
        #expect(try await place.secondsLeft(place.key("ever")) == -1)
        // Fractions of a second are rounded up: 0 would be refused.
        let brief = try #require(try await place.secondsLeft(place.key("brief")))
        #expect(brief != -1 && brief <= 1)
        let other = try place.store(expires: 60, failureExpires: .infinity)
        try await other.store([result("kept", .failure)])
        #expect(try await place.secondsLeft(place.key("kept")) == -1)
        for store in [store, lasting, other] { await store.close() }
    }

    @Test func `says what may lose results`() async throws {
        let server = try RedisServer.start(options: ["--aof"])
        let safe = try RedisPlace(server)
        let (store, other) = (try safe.store(), try place.store())
        #expect(try await store.durabilityWarnings() == [])
        #expect(try await other.durabilityWarnings().count == 1)
        await store.close()
        await other.close()
        try server.perform("stop")
    }

    @Test func `an expired result is gone`() async throws {
        let store = try place.store(expires: 1)
        try await store.store([result("a")])
        #expect(try await store.results(for: [TaskID("a")]).count == 1)
        #expect(try await eventually { try await store.results(for: [TaskID("a")]).isEmpty })
        await store.close()
    }

    @Test(arguments: [("shop", "shop_"), ("shop:", "shop:"), ("a-", "a-"), ("a.", "a."), ("a_", "a_")])
    func `the prefix of keys is Python's`(setting: String, prefix: String) async throws {
        let id = TaskID()
        let store = try RedisResultStore(
            RedisOptions(ServiceURL(place.server.url)), RedisResultTerms(expires: 60, keyPrefix: "\(id)\(setting)"))
        try await store.store([result(id.text)])
        #expect(try await place.get("\(id)\(prefix)celery-task-meta-\(id)") != nil)
        let bare = try RedisResultStore(RedisOptions(ServiceURL(place.server.url)), RedisResultTerms(expires: 60))
        try await bare.store([result(id.text)])
        #expect(try await place.get("celery-task-meta-\(id)") != nil)
        for store in [store, bare] { await store.close() }
    }

    @Test func `reads what Python recorded`() async throws {
        let store = try place.store()
        for name in Golden.names("redis-result-") {
            let commands = try #require(try Golden.load(name)["commands"]?.arrayValue)
            for command in commands {
                let words = (command.arrayValue ?? []).compactMap(\.stringValue)
                guard words.first == "SETEX", words.count == 4 else { continue }
                let id = String(words[1].dropFirst("celery-task-meta-".count))
                try await place.set(place.key(id), .text(words[3]))
                let found = try await store.results(for: [TaskID(id)])[TaskID(id)]
                #expect(words[3].hasPrefix(#"{"status": "\#(found?.state.name ?? "nothing")""#), "\(name)")
            }
        }
        await store.close()
    }

    @Test func `reads a result that Python compressed, and refuses one that grows without end`() async throws {
        let store = try place.store()
        func python(_ expression: String) throws -> [UInt8] {
            let digits = try Array(Python.lines("import zlib, bz2\nprint((\(expression)).hex())").joined().utf8)
            return stride(from: 0, to: digits.count, by: 2).compactMap { at in
                UInt8(String(decoding: digits[at..<at + 2], as: UTF8.self), radix: 16)
            }
        }
        let document = #"b'{"status": "SUCCESS", "result": 5, "traceback": null, "children": [], "task_id": "a"}'"#
        for (name, call) in [("application/x-gzip", "zlib.compress"), ("application/x-bz2", "bz2.compress")] {
            let value = try python(#"b'\x00celery-compressed\x00\#(name)\x00' + \#(call)(\#(document))"#)
            try await place.set(place.key("a"), .bytes(value))
            #expect(try await store.results(for: [TaskID("a")])[TaskID("a")]?.value == 5, "\(name)")
            // What its beginning does not tell is looked at before it is replaced.
            try await store.store([result("a", .failure)])
            #expect(try await store.results(for: [TaskID("a")])[TaskID("a")]?.state == .success)
        }
        let bomb = try python(#"b'\x00celery-compressed\x00application/x-gzip\x00' + zlib.compress(b' ' * (300 << 20))"#)
        try await place.set(place.key("b"), .bytes(bomb))
        let error = await #expect(throws: DriverError.self) { try await store.results(for: [TaskID("b")]) }
        #expect(error?.code == .unusable && error?.message.contains("larger than") == true)
        try await place.set(place.key("c"), .text("\0celery-compressed\0application/zstd\0x"))
        let other = await #expect(throws: DriverError.self) { try await store.results(for: [TaskID("c")]) }
        #expect(other?.message.contains("application/zstd") == true && other?.hint?.contains("result_compression") == true)
        await store.close()
    }

    // MARK: Who wins

    @Test func `what Python has finished is not replaced, and what it has begun is`() async throws {
        let store = try place.store()
        for (state, isFinal) in [("SUCCESS", true), ("FAILURE", true), ("REVOKED", true), ("STARTED", false), ("RETRY", false), ("PROGRESS", false)] {
            let id = "python-\(state)"
            try await place.set(place.key(id), .text(#"{"status": "\#(state)", "result": null, "task_id": "\#(id)"}"#))
            try await store.store([result(id, value: "ours")])
            let found = try await store.results(for: [TaskID(id)])[TaskID(id)]
            #expect((found?.value == "ours") == !isFinal, "\(state)")
        }
        await store.close()
    }

    @Test func `a state with odd letters, and documents in another order, are looked at`() async throws {
        let store = try place.store()
        for (number, text) in [
            #"{"result": 1, "status": "SUCCESS", "task_id": "a"}"#, #"{"status":"SUCCESS","result":1,"task_id":"a"}"#,
            "{ \"status\" : \"SUCCESS\" , \"result\" : 1, \"task_id\": \"a\"}",
        ].enumerated() {
            let id = "odd-\(number)"
            try await place.set(place.key(id), .text(text))
            try await store.store([result(id, value: "ours")])
            #expect(try await store.results(for: [TaskID(id)])[TaskID(id)]?.value == 1, "\(text)")
        }
        for name in [#"quote " and \ backslash"#, String(repeating: "long ", count: 100), "ä\u{0}"] {
            let id = TaskID().text
            try await store.store([result(id, .custom(name))])
            #expect(try await store.results(for: [TaskID(id)])[TaskID(id)]?.state == .custom(name))
            try await store.store([result(id, value: "done")])
            #expect(try await store.results(for: [TaskID(id)])[TaskID(id)]?.value == "done")
        }
        // Neither is what cannot be read at all in the way of a result.
        try await place.set(place.key("pickle"), .bytes([0x80, 0x04, 0x4E, 0x2E]))
        try await store.store([result("pickle", value: 1)])
        #expect(try await store.results(for: [TaskID("pickle")])[TaskID("pickle")]?.value == 1)
        await store.close()
    }

    @Test func `of two first writers one wins`() async throws {
        let stores = [try place.store(), try place.store()]
        for round in 0..<50 {
            let id = "race-\(round)"
            async let first: Void = stores[0].store([result(id, value: 0)])
            async let second: Void = stores[1].store([result(id, .failure)])
            _ = try await (first, second)
            let winner = try await stores[0].results(for: [TaskID(id)])[TaskID(id)]
            try await stores[1].store([result(id, .revoked)])
            #expect(try await stores[1].results(for: [TaskID(id)])[TaskID(id)] == winner)
        }
        for store in stores { await store.close() }
    }

    @Test func `every result that is stored is published, and one that is not stored is not`() async throws {
        let store = try place.store()
        let options = try RedisOptions(ServiceURL(place.server.url))
        let (words, told) = AsyncStream.makeStream(of: String.self)
        let ear = RedisSubscription(
            options, RedisSubscription.Listener(heard: { told.yield("\($0) \(String(decoding: $1, as: UTF8.self))") }, resumed: {}))
        try await ear.subscribe([.name(place.key("a"))])
        try await store.store([result("a", .started), result("a", value: 1), result("a", value: 2)])
        try await place.link.ask(RedisCommand("PUBLISH", .text(place.key("a")), "end")).expectInteger()
        var heard: [String] = []
        for await word in words {
            heard.append(word)
            if word.hasSuffix(" end") { break }
        }
        #expect(heard.count == 3)
        #expect(heard.first?.contains(#""status": "STARTED""#) == true && heard.dropFirst().first?.contains(#""result": 1"#) == true)
        await ear.close()
        await store.close()
    }

    // MARK: Refusals

    @Test func `ids with line breaks or NUL are refused before anything is sent`() async throws {
        let store = try place.store()
        for id in ["a\r", "a\nb", "\0", ""] {
            let error = await #expect(throws: DriverError.self) { try await store.store([result("innocent-\(id.utf8.count)"), result(id)]) }
            #expect(error?.code == .refused)
            await #expect(throws: DriverError.self) { _ = try await store.results(for: [TaskID(id)]) }
            await #expect(throws: DriverError.self) { _ = try await store.forget([TaskID(id)]) }
            await #expect(throws: DriverError.self) { _ = try await store.taskSet(id) }
            #expect(try await place.get(place.key("innocent-\(id.utf8.count)")) == nil)
        }
        #expect(throws: DriverError.self) {
            try RedisResultStore(RedisOptions(ServiceURL(place.server.url)), RedisResultTerms(expires: 60, keyPrefix: "a\n"))
        }
        await store.close()
    }

    @Test func `a key of another kind is told of, and left alone`() async throws {
        let store = try place.store()
        _ = try await place.link.ask(RedisCommand("RPUSH", .text(place.key("list")), "x"))
        let error = await #expect(throws: DriverError.self) { try await store.store([result("list")]) }
        #expect(error?.code == .unusable && error?.hint?.contains("CELERY_RESULT_KEY_PREFIX") == true)
        _ = try await place.link.ask(RedisCommand("DEL", .text(place.key("list"))))
        await store.close()
    }

    @Test func `a full server takes nothing for now, and what it has stays readable`() async throws {
        let server = try RedisServer.start(options: ["--maxmemory", "4000000"])
        let place = try RedisPlace(server)
        let store = try place.store()
        try await store.store([result("small", value: 1)])
        let error = await #expect(throws: DriverError.self) {
            for number in 0..<100 { try await store.store([result("large-\(number)", value: .string(String(repeating: "x", count: 1 << 18)))]) }
        }
        #expect(error?.code == .tryAgain && error?.hint?.contains("maxmemory") == true)
        #expect(try await store.results(for: [TaskID("small")]).count == 1)
        await store.close()
        try server.perform("stop")
    }

    // MARK: Task-sets

    @Test func `a task-set is a group of Python's, and Python's groups are read`() async throws {
        let store = try place.store()
        let set = SetNumbering()
        try await store.keep(TaskSetRecord(id: set.id, total: 2, created: Timestamp(seconds: 5)))
        #expect(
            try await place.get(place.group(set.id))
                == #"{"date_created": 5.0, "result": [["\#(set.id)", null], [[["\#(set.member(1))", null], null], [["\#(set.member(2))", null], null]]]}"#)
        let commands = try #require(try Golden.load("redis-group-saved.json")["commands"]?.arrayValue)
        let words = (commands[0].arrayValue ?? []).compactMap(\.stringValue)
        let id = String(words[1].dropFirst("celery-taskset-meta-".count))
        try await place.set(place.group(id), .text(words[3]))
        let found = try #require(try await store.taskSet(id))
        #expect(found.total == 3 && found.members?.count == 3)
        // The records of a chord are no task-sets.
        try await place.set(place.group(id, ".s"), "3")
        #expect(try await store.taskSets(limit: 10).map(\.id) == [set.id, id])
        #expect(try await store.replace(found.member(2), by: TaskID("new"), in: id))
        #expect(try await store.taskSet(id)?.member(2) == TaskID("new"))
        // The time it has left is kept.
        #expect(try await place.secondsLeft(place.group(id)) ?? 0 > 500)
        await store.close()
    }

    @Test func `of many who replace members at once nobody undoes another's`() async throws {
        let store = try place.store()
        let set = SetNumbering()
        try await store.keep(TaskSetRecord(id: set.id, total: 20, created: .now))
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 1...20 { group.addTask { try await store.replace(set.member(number), by: TaskID("new-\(number)"), in: set.id) } }
            for try await isDone in group { #expect(isDone) }
        }
        #expect(try await store.taskSet(set.id)?.members == (1...20).map { TaskID("new-\($0)") })
        await store.close()
    }

    @Test func `a task-set that has expired is not listed`() async throws {
        let store = try place.store(expires: 1)
        let lasting = try place.store(expires: nil)
        let (brief, long) = (SetNumbering(), SetNumbering())
        try await lasting.keep(TaskSetRecord(id: long.id, total: 1, created: Timestamp(seconds: 1)))
        try await store.keep(TaskSetRecord(id: brief.id, total: 1, created: Timestamp(seconds: 2)))
        #expect(try await eventually { try await store.taskSets(limit: 10).map(\.id) == [long.id] })
        await store.close()
        await lasting.close()
    }

    @Test func `more members than a value should have are refused`() async throws {
        let store = try place.store()
        let error = await #expect(throws: DriverError.self) {
            try await store.keep(TaskSetRecord(id: SetNumbering().id, total: 100_001, created: .now))
        }
        #expect(error?.code == .refused)
        await store.close()
    }
}

extension RESPValue {
    fileprivate func expectInteger(_ location: SourceLocation = #_sourceLocation) { #expect(intValue != nil, sourceLocation: location) }
}
