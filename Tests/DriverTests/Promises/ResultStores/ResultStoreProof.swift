import CeleryCore
import Fixtures
import Testing
import Wire

/// The proofs, on one fixture.
struct ResultStoreProof<Fixture: ResultStoreFixture> {
    let fixture: Fixture

    func results() async throws {
        var good = TaskResult(id: TaskID("a"), state: .success, value: ["size": [1, 2.5, nil, true, "ü"]])
        good.children = [[["child", nil], nil]]
        good.dateDone = Timestamp(seconds: 1_000_000_000.25)
        good.task = "shop.tasks.sell"
        good.worker = "celery@here"
        good.queue = "orders"
        good.retries = 2
        var bad = TaskResult(
            id: TaskID("b"), state: .failure,
            failure: TaskFailure(type: "ValueError", arguments: ["too wide", 7], module: "builtins"))
        bad.traceback = "Traceback (most recent call last):\n  ...\n"
        bad.dateDone = Timestamp(seconds: 999_999_999)
        let progress = TaskResult(id: TaskID("c"), state: .custom("PROGRESS"), value: ["percent": 40])
        var revoked = TaskResult(id: TaskID("d"), state: .revoked, failure: .revoked("expired"))
        revoked.dateDone = Timestamp(seconds: 1_000_000_000.000001)
        var retry = TaskResult(id: TaskID("e"), state: .retry, failure: .retry(in: 5, because: "not yet"))
        retry.retries = 1
        let started = TaskResult(id: TaskID("f"), state: .started)
        try await expectBack([good, bad, progress, revoked, retry, started])
    }

    func wholeResults() async throws {
        var result = TaskResult(id: TaskID("a"), state: .success, value: 5)
        result.dateStarted = Timestamp(seconds: 999_999_999.5)
        result.groupID = "group"
        result.parentID = TaskID("parent")
        result.attempt = 4
        result.errorOutput = "a warning\n"
        // Not even when it was done.
        let bare = TaskResult(id: TaskID("b"), state: .failure, failure: .notRegistered("x"))
        try await expectBack([result, bare])
    }

    private func expectBack(_ results: [TaskResult]) async throws {
        try await fixture.connect().store(results)
        let stored = try await fixture.connect().results(for: results.map(\.id))
        for result in results { #expect(stored[result.id] == result) }
        #expect(stored.count == results.count)
    }

    func oddValues() async throws {
        let values: [JSON] = [
            .string(String(repeating: "0123456789", count: 1 << 20)), .bigInteger("-" + String(repeating: "9", count: 400)),
            .int(.min), .int(.max), .double(1e300), .double(.infinity), "", "\u{0}", "𝔘 e\u{301} \u{10FFFF} \u{FEFF}", [], [:], nil,
        ]
        let store = try fixture.connect()
        let results = values.enumerated().map { TaskResult(id: TaskID("id-\($0)"), state: .success, value: $1) }
        try await store.store(results)
        let stored = try await fixture.connect().results(for: results.map(\.id))
        for (number, result) in results.enumerated() {
            // Not compared inside the macro: a failure should not print ten megabytes.
            let isSame = stored[result.id]?.value == result.value
            #expect(isSame, "value \(number)")
        }
    }

    func sizes() async throws {
        let store = try fixture.connect()
        for size in [0, 1, 65_535, 65_536, 65_537, 1 << 20, Fixture.largestValue] {
            let id = TaskID("size-\(size)")
            let value = JSON.string(String(repeating: "x", count: size))
            try await store.store([TaskResult(id: id, state: .success, value: value)])
            // Not compared inside the macro: a failure should not print megabytes.
            let isSame = try await fixture.connect().results(for: [id])[id]?.value == value
            #expect(isSame, "\(size) letters")
        }
    }

    func oddIDs() async throws {
        let ids = [
            "a b", "a", "A", "ü☃𝔘", "*", "?[a]*", "%s", "'; DROP TABLE result; --", "a:b", "a/b", #"quote " and \ backslash"#, "{a}", "1", "01",
        ].map(TaskID.init)
        try await fixture.connect().store(ids.enumerated().map { TaskResult(id: $1, state: .success, value: .int(Int64($0))) })
        let store = try fixture.connect()
        let stored = try await store.results(for: ids)
        for (number, id) in ids.enumerated() { #expect(stored[id]?.value == .int(Int64(number)), "\(id)") }
        #expect(try await store.forget([ids[4]]) == 1)
        #expect(try await store.results(for: ids).count == ids.count - 1)
    }

    func unknown() async throws {
        let store = try fixture.connect()
        #expect(try await store.results(for: [TaskID("x")]).isEmpty)
        try await store.store([TaskResult(id: TaskID("a"), state: .success)])
        try await store.store([])
        #expect(try await store.results(for: []).isEmpty)
        #expect(try await Set(store.results(for: [TaskID("x"), TaskID("a"), TaskID("A"), TaskID("a")]).keys) == [TaskID("a")])
    }

    func many() async throws {
        let store = try fixture.connect()
        let results = (0..<5_000).map { TaskResult(id: TaskID("\($0)"), state: .success, value: .int($0)) }
        try await store.store(results)
        let stored = try await store.results(for: results.map(\.id))
        #expect(stored.count == 5_000)
        #expect(stored.allSatisfy { id, result in Int64(id.text).map { result.value == .int($0) } ?? false })
    }

    func forgets() async throws {
        let store = try fixture.connect()
        try await store.store((0..<3).map { TaskResult(id: TaskID("\($0)"), state: .success) })
        #expect(try await store.forget([TaskID("0"), TaskID("2"), TaskID("9"), TaskID("0")]) == 2)
        #expect(try await store.forget([]) == 0)
        #expect(try await Set(store.results(for: (0..<3).map { TaskID("\($0)") }).keys) == [TaskID("1")])
        // Forgotten is as never known.
        try await store.store([TaskResult(id: TaskID("0"), state: .failure)])
        #expect(try await store.results(for: [TaskID("0")])[TaskID("0")]?.state == .failure)
    }

    private func stored(_ results: (TaskState, attempt: Int)...) async throws -> (TaskState, Int)? {
        let store = try fixture.connect()
        let id = TaskID()
        for (state, attempt) in results {
            var result = TaskResult(id: id, state: state)
            result.attempt = attempt
            try await store.store([result])
        }
        return try await store.results(for: [id])[id].map { ($0.state, $0.attempt) }
    }

    private func expect(_ found: (TaskState, Int)?, _ state: TaskState, _ attempt: Int, _ location: SourceLocation = #_sourceLocation) {
        // A store without attempts knows of one only.
        let attempt = Fixture.powers.contains(.attempts) ? attempt : 1
        #expect(found?.0 == state && found?.1 == attempt, "\(String(describing: found))", sourceLocation: location)
    }

    func finalStays() async throws {
        expect(try await stored((.success, 1), (.failure, 1)), .success, 1)
        expect(try await stored((.failure, 1), (.success, 2)), .failure, 1)
        expect(try await stored((.revoked, 2), (.started, 3)), .revoked, 2)
        expect(try await stored((.success, 2), (.retry, 1)), .success, 2)
    }

    func firstWriters() async throws {
        let stores = [try fixture.connect(), try fixture.connect()]
        for round in 0..<20 {
            let id = TaskID("race-\(round)")
            async let first: Void = stores[0].store([TaskResult(id: id, state: .success, value: 0)])
            async let second: Void = stores[1].store([TaskResult(id: id, state: .success, value: 1)])
            _ = try await (first, second)
            let winner = try await stores[round % 2].results(for: [id])[id]
            #expect(winner?.state == .success)
            try await stores[1 - round % 2].store([TaskResult(id: id, state: .revoked)])
            #expect(try await stores[1 - round % 2].results(for: [id])[id] == winner)
        }
    }

    func announced() async throws {
        #expect(try fixture.connect() is any RevocationAnnouncing)
        expect(try await stored((.revoked, 0), (.started, 1)), .started, 1)
        expect(try await stored((.revoked, 0), (.success, 1)), .success, 1)
        expect(try await stored((.revoked, 0), (.revoked, 1), (.success, 1)), .revoked, 1)
        expect(try await stored((.started, 1), (.revoked, 0)), .started, 1)
        expect(try await stored((.success, 1), (.revoked, 0)), .success, 1)
    }

    func requests() async throws {
        let store = try #require(try fixture.connect() as? any RequestKeeping)
        let message = Message(
            id: TaskID("a"), task: "resize", body: BodyCodec.encode(TaskArguments(args: [1.5, "b"])))
        var started = TaskResult(id: message.id, state: .started)
        started.request = message
        try await store.store([started])
        #expect(try await store.requests(for: [message.id])[message.id]?.body == message.body)
        // Whoever ends the task may not have its message, as a client that revokes it.
        try await store.store([TaskResult(id: message.id, state: .revoked)])
        let kept = try await store.requests(for: [message.id, TaskID("unknown")])
        #expect(kept.count == 1 && kept[message.id]?.task == "resize" && kept[message.id]?.headers == message.headers)
        #expect(try await store.results(for: [message.id])[message.id]?.state == .revoked)
        #expect(try await store.forget([message.id]) == 1)
        #expect(try await store.requests(for: [message.id]).isEmpty)
    }

    func newerStays() async throws {
        expect(try await stored((.started, 2), (.failure, 1)), .started, 2)
        expect(try await stored((.retry, 3), (.retry, 2)), .retry, 3)
    }

    func progress() async throws {
        expect(try await stored((.started, 1), (.retry, 1)), .retry, 1)
        expect(try await stored((.retry, 1), (.started, 2), (.custom("PROGRESS"), 2), (.success, 2)), .success, 2)
        expect(try await stored((.retry, 1), (.failure, 5)), .failure, 5)
    }

    func expires() async throws {
        let store = try fixture.connect(expires: 60)
        try await store.store([TaskResult(id: TaskID("a"), state: .success)])
        fixture.clock.advance(by: .seconds(59))
        try await store.store([TaskResult(id: TaskID("b"), state: .success)])
        #expect(try await store.results(for: [TaskID("a"), TaskID("b")]).count == 2)
        fixture.clock.advance(by: .seconds(1))
        #expect(try await Set(store.results(for: [TaskID("a"), TaskID("b")]).keys) == [TaskID("b")])
    }

    func dropsExpired() async throws {
        let store = try #require(try fixture.connect(expires: 60) as? any ResultExpiring)
        try await store.store((0..<25).map { TaskResult(id: TaskID("\($0)"), state: .success) })
        #expect(try await store.dropExpired(now: fixture.clock.now, limit: 10) == 0)
        fixture.clock.advance(by: .seconds(30))
        try await store.store([TaskResult(id: TaskID("young"), state: .success)])
        fixture.clock.advance(by: .seconds(30))
        var counts: [Int] = []
        for _ in 0..<4 { counts.append(try await store.dropExpired(now: fixture.clock.now, limit: 10)) }
        #expect(counts == [10, 10, 5, 0])
        #expect(try await store.results(for: [TaskID("young")]).count == 1)
        #expect(try await store.forget((0..<25).map { TaskID("\($0)") }) == 0)
    }

    func keepsForEver() async throws {
        let store = try #require(try fixture.connect() as? any ResultExpiring)
        try await store.store([TaskResult(id: TaskID("a"), state: .success)])
        #expect(try await store.dropExpired(now: Timestamp(seconds: 9e9), limit: 10) == 0)
        fixture.clock.advance(by: .seconds(100 * 365 * 86_400))
        #expect(try await store.results(for: [TaskID("a")]).count == 1)
    }

    func wakes() async throws {
        let store = try #require(try fixture.connect() as? any ResultWatching)
        let other = try fixture.connect()
        for number in 0..<50 {
            let id = TaskID("\(number)")
            let value = try await promptly("the end of the wait") {
                async let waiting: JSON = {
                    while true {
                        let mark = await store.mark()
                        if let result = try await store.results(for: [id])[id] { return result.value }
                        try await store.waitForChange(since: mark, until: nil)
                    }
                }()
                try await other.store([TaskResult(id: id, state: .success, value: .int(Int64(number)))])
                return try await waiting
            }
            #expect(value == .int(Int64(number)))
        }
    }

    func nothingMissed() async throws {
        let store = try #require(try fixture.connect() as? any ResultWatching)
        let mark = await store.mark()
        try await store.store([TaskResult(id: TaskID("a"), state: .success)])
        // Had it been missed, this would wait for the deadline.
        try await promptly("the end of the wait") { try await store.waitForChange(since: mark, until: .now + .seconds(3_600)) }
    }

    func waitDeadline() async throws {
        let store = try #require(try fixture.connect() as? any ResultWatching)
        try await promptly("the end of the wait") {
            try await store.waitForChange(since: await store.mark(), until: .now + .milliseconds(20))
            try await store.waitForChange(since: await store.mark(), until: .now - .seconds(1))
        }
    }

    func waitCancelled() async throws {
        let store = try #require(try fixture.connect() as? any ResultWatching)
        try await promptly("the end of the wait") {
            let waiting = Task { try await store.waitForChange(since: await store.mark(), until: .now + .seconds(3_600)) }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
        }
    }

    func atOnce() async throws {
        let stores = [try fixture.connect(), try fixture.connect()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    try await stores[number % 2].store([TaskResult(id: TaskID("\(number / 2)"), state: .success, value: .int(Int64(number)))])
                }
            }
            try await group.waitForAll()
        }
        let stored = try await stores[0].results(for: (0..<50).map { TaskID("\($0)") })
        // Of two final results the first stays, whichever it was.
        #expect(stored.count == 50)
        #expect(stored.allSatisfy { id, result in result.value.intValue.map { $0 / 2 == Int(id.text) } ?? false })
    }
}
