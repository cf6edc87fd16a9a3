import CeleryCore
import Fixtures
import Redis
import ResultStores
import Testing
import Wire

/// Chords counted in Python's records.
@Suite(.timeLimit(.minutes(3))) struct RedisChordTests {
    private let place: RedisPlace
    private let group = TaskID().text

    init() throws { place = try RedisPlace() }

    private func part(_ id: String, _ index: Int?, _ value: JSON = nil, failure: TaskFailure? = nil) -> ChordPart {
        ChordPart(
            group: group, index: index,
            result: TaskResult(id: TaskID(id), state: failure == nil ? .success : .failure, value: value, failure: failure),
            body: Signature(task: "shop.tasks.sum", options: ["task_id": "body"]), rootID: nil)
    }

    /// What a Python client does before it sends the members.
    private func begin(size: Int) async throws {
        _ = try await place.link.ask([
            RedisCommand("DEL", .text(place.group(group, ".c"))), RedisCommand("SET", .text(place.group(group, ".s")), .number(size), "EX", "600"),
        ])
    }

    @Test func `the end of the last member, whichever it is, completes the chord, and its values are in order`() async throws {
        let store = try place.store()
        try await begin(size: 3)
        #expect(try await !store.count(part("b", 1, "two"), as: "b"))
        #expect(try await !store.count(part("c", 2, 3), as: "c"))
        #expect(try await store.count(part("a", 0, ["x": 1]), as: "a"))
        let chord = try await store.chord(group)
        #expect(chord.results.map(\.id) == [TaskID("a"), TaskID("b"), TaskID("c")])
        #expect(chord.results.map(\.value) == [["x": 1], "two", 3] && chord.header == nil)
        #expect(try await place.link.ask(RedisCommand("ZRANGE", .text(place.group(group, ".j")), "0", "0")).elements?.first?.textValue == #"[1, "a", "SUCCESS", {"x": 1}]"#)
        #expect(try await store.extendClaim(to: group, as: "a"))
        try await store.finishChord(group, as: "a")
        for suffix in [".j", ".t", ".s", ".d"] { #expect(try await place.secondsLeft(place.group(group, suffix)) == -2) }
        #expect(try await place.get(place.group(group, ".c")) == "done")
        // A part that comes late begins nothing anew.
        #expect(try await !store.count(part("a", 0, "late"), as: "late"))
        #expect(try await place.secondsLeft(place.group(group, ".j")) == -2)
        await store.close()
    }

    @Test func `a member that ends twice is counted once, and its first result stands`() async throws {
        let store = try place.store()
        try await begin(size: 2)
        for value in [1, 2] as [JSON] { #expect(try await !store.count(part("a", 0, value), as: "a")) }
        #expect(try await store.count(part("b", 1), as: "b"))
        #expect(try await store.chord(group).results.map(\.value) == [1, nil])
        await store.close()
    }

    @Test func `a task that stands in two places is two members`() async throws {
        let store = try place.store()
        try await begin(size: 2)
        #expect(try await !store.count(part("a", 0, 1), as: "a:0"))
        #expect(try await store.count(part("a", 1, 2), as: "a:1"))
        await store.close()
    }

    @Test func `only one of many who end at once has the claim, and keeps it when it tells again`() async throws {
        let stores = [try place.store(), try place.store()]
        try await begin(size: 50)
        let claims = try await withThrowingTaskGroup(of: (Int, Bool).self) { tasks in
            for number in 0..<50 {
                tasks.addTask { (number, try await stores[number % 2].count(part("\(number)", number), as: "claim-\(number)")) }
            }
            return try await tasks.reduce(into: [Int]()) { if $1.1 { $0.append($1.0) } }
        }
        #expect(claims.count == 1)
        let holder = try #require(claims.first)
        #expect(try await stores[0].count(part("\(holder)", holder), as: "claim-\(holder)"))
        let other = (holder + 1) % 50
        #expect(try await !stores[0].count(part("\(other)", other), as: "claim-\(other)"))
        #expect(try await !stores[0].extendClaim(to: group, as: "claim-\(other)"))
        try await stores[0].finishChord(group, as: "claim-\(other)")
        #expect(try await stores[0].extendClaim(to: group, as: "claim-\(holder)"))
        // The claim of one that died runs out, and another takes it.
        _ = try await place.link.ask(RedisCommand("DEL", .text(place.group(group, ".c"))))
        #expect(try await stores[0].extendClaim(to: group, as: "claim-\(other)"))
        for store in stores { await store.close() }
    }

    @Test func `members that a task adds are waited for, and without a size nobody is`() async throws {
        let store = try place.store()
        #expect(try await !store.count(part("early", 0), as: "early"))
        try await begin(size: 1)
        // As Python's `add_to_chord` does.
        _ = try await place.link.ask(RedisCommand("INCR", .text(place.group(group, ".t"))))
        #expect(try await !store.count(part("early", 0), as: "early"))
        #expect(try await store.count(part("added", nil, "last"), as: "added"))
        #expect(try await store.chord(group).results.map(\.id) == [TaskID("early"), TaskID("added")])
        await store.close()
    }

    @Test func `a failure is kept with its reason, and a failed chord is not completed again`() async throws {
        let store = try place.store()
        try await begin(size: 2)
        #expect(try await !store.count(part("a", 0, failure: TaskFailure(type: "ValueError", arguments: ["bad"], module: "builtins")), as: "a"))
        #expect(try await store.count(part("b", 1), as: "b"))
        let found = try #require(try await store.chord(group).results.first)
        #expect(found.state == .failure && found.failure == TaskFailure(type: "ValueError", arguments: ["bad"], module: "builtins"))
        try await store.failChord(group)
        #expect(try await !store.count(part("b", 1), as: "b"))
        #expect(try await place.secondsLeft(place.group(group, ".j")) ?? 0 > 0)
        await store.close()
    }

    @Test func `the records of a chord are kept for as long as the settings say`() async throws {
        let store = try place.store(expires: 1_000, chordExpires: 200)
        try await begin(size: 3)
        try await place.set(place.group(group), .text(#"{"result": [["g", null], []]}"#))
        _ = try await store.count(part("a", 0), as: "a")
        for (suffix, seconds) in [(".j", 200), (".s", 200), (".d", 200), ("", 1_000)] {
            let left = try #require(try await place.secondsLeft(place.group(group, suffix)))
            #expect((seconds - 30...seconds).contains(left), "\(suffix)")
        }
        await store.close()
    }

    /// The first two parts as a worker of Celery 5.7 told them, and the last by ours.
    @Test func `goes on with a chord that Python has begun`() async throws {
        let store = try place.store()
        try await begin(size: 3)
        let (results, counted) = (place.group(group, ".j"), place.group(group, ".d"))
        _ = try await place.link.ask([
            RedisCommand("ZADD", .text(results), "0", #"[1, "p0", "SUCCESS", 0]"#), RedisCommand("SADD", .text(counted), "p0:0"),
            RedisCommand("ZADD", .text(results), "1", #"[1, "p1", "SUCCESS", 2]"#), RedisCommand("SADD", .text(counted), "p1:1"),
        ])
        // Told again by us, after the Python worker was lost.
        #expect(try await !store.count(part("p1", 1, "other"), as: "p1"))
        #expect(try await store.count(part("o2", 2, 4), as: "o2"))
        #expect(try await store.chord(group).results.map(\.value) == [0, 2, 4])
        await store.close()
    }

    @Test func `gives back the form of a header with groups in it`() async throws {
        let store = try place.store()
        try await place.set(place.group(group), .text(#"{"result": [["g", null], [[["a", null], null], [["h", null], [[["b", null], null]]]]]}"#))
        #expect(try await store.chord(group).header == [["g", nil], [[["a", nil], nil], [["h", nil], [[["b", nil], nil]]]]])
        await store.close()
    }
}
