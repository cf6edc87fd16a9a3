import CeleryCore
import Fixtures
import Redis
import Testing

@testable import ResultStores

/// Waiting for results by channels, without polling and without leaving anything behind.
@Suite(.timeLimit(.minutes(3))) struct RedisWaitingTests {
    private let place: RedisPlace

    init() throws { place = try RedisPlace() }

    /// What Python's worker does when a task has ended.
    private func finish(_ id: TaskID) async throws {
        let value = RedisCommand.Word.text(#"{"status": "SUCCESS", "result": 1, "traceback": null, "children": [], "task_id": "\#(id)"}"#)
        let key = place.key(id.text)
        _ = try await place.link.ask([
            RedisCommand("MULTI"), RedisCommand("SETEX", .text(key), "60", value), RedisCommand("PUBLISH", .text(key), value), RedisCommand("EXEC"),
        ])
    }

    /// Looks and waits as a client does, until all are final. Returns how often it looked.
    @discardableResult
    private func wait(_ store: RedisResultStore, for ids: [TaskID]) async throws -> Int {
        var looks = 0
        while true {
            let mark = await store.mark()
            looks += 1
            if try await store.results(for: ids).count == ids.count { return looks }
            try await store.waitForChange(since: mark, until: nil)
        }
    }

    private func channels() async throws -> [String] {
        let reply = try await place.link.ask(RedisCommand("PUBSUB", "CHANNELS", .text(place.prefix + "*")))
        return reply.elements?.compactMap(\.textValue) ?? []
    }

    @Test func `a result that Python stores ends the wait, which looks no more often than something happens`() async throws {
        let store = try place.store()
        let id = TaskID()
        let looks = try await promptly("the end of the wait") {
            async let looks = wait(store, for: [id])
            #expect(try await eventually { try await !channels().isEmpty })
            // Longer than any pause of a client that polls.
            try await Task.sleep(for: .seconds(6))
            try await finish(id)
            return try await looks
        }
        // At first, when the subscription is confirmed (by the connection and by the channel), and when there is news.
        #expect(looks <= 8)
        #expect(try await eventually { try await channels().isEmpty })
        await store.close()
    }

    @Test func `thousands of waits leave connections and channels as they were`() async throws {
        let store = try place.store()
        let first = TaskID()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await wait(store, for: [first]) }
            group.addTask { try await finish(first) }
            try await group.waitForAll()
        }
        let before = try await place.link.ask(RedisCommand("CLIENT", "LIST")).textValue?.split(separator: "\n").count ?? 0
        try await promptly("the end of all waits", within: .seconds(120)) {
            for _ in 0..<20 {
                let ids = (0..<100).map { _ in TaskID() }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for id in ids { group.addTask { try await wait(store, for: [id]) } }
                    for id in ids { group.addTask { try await finish(id) } }
                    try await group.waitForAll()
                }
            }
        }
        #expect(store.watch.channelCount == 0)
        #expect(try await eventually { try await channels().isEmpty })
        // Other tests use the same server: far fewer than waits, not exactly as many.
        let after = try await place.link.ask(RedisCommand("CLIENT", "LIST")).textValue?.split(separator: "\n").count ?? 0
        #expect(after < before + 100)
        await store.close()
    }

    @Test func `all members of a task-set share one subscription, and those who follow hear of each`() async throws {
        let store = try place.store()
        let set = SetNumbering()
        let ids = (1...500).map { set.member($0) }
        let start = try await store.feedPosition()
        let mark = await store.mark()
        #expect(try await store.results(for: Array(ids.prefix(100))).isEmpty)
        try await store.waitForChange(since: mark, until: .now + .seconds(10))
        #expect(try await eventually { try await place.link.ask(RedisCommand("PUBSUB", "NUMPAT")).intValue ?? 0 > 0 })
        #expect(store.watch.channelCount == 1)
        #expect(try await channels().isEmpty)
        // Also of those that were not looked for.
        for id in ids.suffix(10) { try await finish(id) }
        var heard: Set<TaskID> = []
        var position = start
        #expect(
            try await eventually {
                let (new, next) = try await store.changes(after: position)
                position = next
                heard.formUnion(new)
                return heard.isSuperset(of: ids.suffix(10))
            })
        await store.close()
    }

    /// As in a map whose items end as fast as they are sent: at times none is open, and more are to come.
    @Test func `the subscription to a set stays while its members are looked for`() async throws {
        let keys = try RedisKeys(prefix: place.prefix)
        let grace: Duration = .seconds(5)
        let watch = RedisWatch(try RedisOptions(ServiceURL(place.server.url)), keys, grace: grace)
        let set = SetNumbering()
        func look(_ number: Int, isDone: Bool) {
            let id = set.member(number)
            watch.looked(for: [id], isDone ? [id: TaskResult(id: id, state: .success)] : [:])
        }
        // Again if the test itself came too late: nobody looked for longer than the grace.
        let isShown = try await eventually {
            look(1, isDone: false)
            // The connection may take longer than one wait.
            #expect(try await eventually {
                await watch.wait(since: watch.bell.count, until: .now + .milliseconds(500))
                return watch.channelCount == 1
            })
            look(1, isDone: true)
            for number in 2...12 {
                let last = ContinuousClock.now
                // The alarm of the last wait rings meanwhile.
                try await Task.sleep(for: .milliseconds(700))
                look(number, isDone: true)
                let count = watch.channelCount
                if .now - last > grace - .seconds(1) { return false }
                #expect(count == 1)
            }
            return true
        }
        #expect(isShown)
        await watch.close()
    }

    @Test func `what nobody waits for any more is listened to no longer`() async throws {
        let keys = try RedisKeys(prefix: place.prefix)
        let watch = RedisWatch(try RedisOptions(ServiceURL(place.server.url)), keys, grace: .seconds(5))
        let (given, set) = (TaskID(), SetNumbering())
        watch.looked(for: [given, set.member(1)], [:])
        await watch.wait(since: watch.bell.count, until: .now + .milliseconds(100))
        // Both are asked for as the wait begins, and stay for the grace after it.
        #expect(watch.channelCount == 2)
        // The wait is given up; nobody looks again, and nobody waits.
        #expect(try await eventually { watch.channelCount == 0 })
        #expect(try await eventually { try await channels().isEmpty })
        await watch.close()
    }

    @Test func `an id that is a UUID of another kind has a channel of its own`() async throws {
        let store = try place.store()
        let id = TaskID("0d6af4c2-7a0f-4c8e-9d8c-8d1c8d1c8d1c")
        let mark = await store.mark()
        _ = try await store.results(for: [id])
        try await store.waitForChange(since: mark, until: .now + .seconds(10))
        #expect(try await eventually { try await channels() == [place.key(id.text)] })
        await store.close()
    }

    @Test func `a wait goes on after the server was away, and misses nothing`() async throws {
        let server = try RedisServer.start(options: ["--aof"])
        let place = try RedisPlace(server)
        let store = try place.store()
        let id = TaskID()
        try await store.store([TaskResult(id: TaskID("other"), state: .success)])
        let waiting = Task {
            while true {
                let mark = await store.mark()
                // While the server is away, a look is an error; a client looks again.
                if let found = try? await store.results(for: [id]), found[id]?.state.isReady == true { return }
                try await store.waitForChange(since: mark, until: .now + .seconds(2))
            }
        }
        #expect(try await eventually { store.watch.channelCount == 1 })
        try server.perform("kill")
        try server.perform("restart")
        let writer = try place.store()
        try await writer.store([TaskResult(id: id, state: .success)])
        try await promptly("the end of the wait") { try await waiting.value }
        await writer.close()
        await store.close()
        try server.perform("stop")
    }

    @Test func `who may not listen looks now and then`() async throws {
        let reader = try place.store(url: "redis://reader:reader-secret@127.0.0.1:\(place.server.port)/0")
        let id = TaskID()
        try await promptly("the end of the wait") {
            async let looks = wait(reader, for: [id])
            try await finish(id)
            _ = try await looks
        }
        let error = await #expect(throws: DriverError.self) { try await reader.store([TaskResult(id: id, state: .failure)]) }
        #expect(error?.code == .noPermission)
        await reader.close()
    }

    @Test func `a wait ends when the store is closed`() async throws {
        let store = try place.store()
        let mark = await store.mark()
        let waiting = Task { try await store.waitForChange(since: mark, until: nil) }
        await store.close()
        try await promptly("the end of the wait") { try await waiting.value }
    }
}
