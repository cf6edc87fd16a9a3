import CeleryCore
import Fixtures
import Memcached
import Testing
import Wire

@testable import ResultStores

/// Chords counted in Python's number.
@Suite(.timeLimit(.minutes(3))) struct MemcachedChordTests {
    private let place: MemcachedPlace
    private let group = TaskID().text

    init() throws { place = try MemcachedPlace() }

    private func part(_ id: String, _ index: Int?, _ value: JSON = nil, failure: TaskFailure? = nil) -> ChordPart {
        ChordPart(
            group: group, index: index,
            result: TaskResult(id: TaskID(id), state: failure == nil ? .success : .failure, value: value, failure: failure),
            body: Signature(task: "shop.tasks.sum", options: ["task_id": "body"]), rootID: nil)
    }

    /// What a Python client does before it sends the members.
    private func begin(_ members: String...) async throws { try await begin(members) }

    private func begin(_ members: [String]) async throws {
        try await place.set(place.counter(group), "0")
        let form = members.map { #"[["\#($0)", null], null]"# }.joined(separator: ", ")
        try await place.set(place.group(group), #"{"result": [["\#(group)", null], [\#(form)]]}"#)
    }

    @Test func `the end of the last member, whichever it is, completes the chord`() async throws {
        let store = try place.store()
        try await begin("a", "b", "c")
        #expect(try await !store.count(part("b", 1, "two"), as: "b"))
        #expect(try await !store.count(part("c", 2, 3), as: "c"))
        #expect(try await place.get(place.counter(group)) == "2")
        #expect(try await store.count(part("a", 0, ["x": 1]), as: "a"))
        let chord = try await store.chord(group)
        #expect(Dictionary(uniqueKeysWithValues: chord.results.map { ($0.id.text, $0.value) }) == ["a": ["x": 1], "b": "two", "c": 3])
        #expect(chord.header?.arrayValue?.last?.arrayValue?.count == 3)
        #expect(try await store.extendClaim(to: group, as: "a"))
        try await store.finishChord(group, as: "a")
        // As Python leaves it.
        for key in [place.counter(group), place.group(group)] { #expect(try await place.get(key) == nil) }
        // A part that comes late begins nothing anew.
        #expect(try await !store.count(part("a", 0, "late"), as: "a"))
        #expect(try await place.get(place.counter(group)) == nil)
        await store.close()
    }

    @Test func `a member that ends twice is counted once, and its first result stands`() async throws {
        let store = try place.store()
        try await begin("a", "b")
        for value in [1, 2] as [JSON] { #expect(try await !store.count(part("a", 0, value), as: "a")) }
        #expect(try await place.get(place.counter(group)) == "1")
        #expect(try await store.count(part("b", 1), as: "b"))
        #expect(try await store.chord(group).results.first { $0.id == TaskID("a") }?.value == 1)
        await store.close()
    }

    @Test func `a task that stands in two places is two members`() async throws {
        let store = try place.store()
        try await begin("a", "a")
        #expect(try await !store.count(part("a", 0, 1), as: "a:0"))
        #expect(try await store.count(part("a", 1, 1), as: "a:1"))
        await store.close()
    }

    @Test func `only one of many who end at once has the claim, and keeps it when it tells again`() async throws {
        let stores = [try place.store(), try place.store()]
        try await begin((0..<50).map(String.init))
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
        for store in stores { await store.close() }
    }

    @Test func `goes on with a chord that Python has begun`() async throws {
        let store = try place.store()
        try await begin("p0", "p1", "o2")
        // A worker in Python stores the result, and counts.
        for id in ["p0", "p1"] {
            try await place.set(place.key(id), #"{"status": "SUCCESS", "result": 7, "traceback": null, "children": [], "task_id": "\#(id)"}"#)
            _ = try await place.link.ask(.increment(place.counter(group)))
        }
        #expect(try await store.count(part("o2", 2, 4), as: "o2"))
        let completion = try ChordCompletion(part("o2", 2, 4), await store.chord(group))
        #expect(Set(completion.uncounted) == [TaskID("p0"), TaskID("p1")])
        #expect(try await store.results(for: completion.uncounted).count == 2)
        await store.close()
    }

    /// Its mark is set, and it has learned no number.
    @Test(arguments: [true, false]) func `a worker that died while it counted is counted once`(hadCounted: Bool) async throws {
        let store = try place.store()
        try await begin("a", "b")
        #expect(try await !store.count(part("a", 0), as: "a"))
        // Back to where the worker died.
        try await place.set(place.counter(group), hadCounted ? "1" : "0")
        try await place.set(MemcachedKeys(prefix: place.prefix).mark(TaskID("a"), at: 0, of: group), "begun")
        #expect(try await !store.count(part("a", 0), as: "a"))
        #expect(try await place.get(place.counter(group)) == "1")
        #expect(try await store.count(part("b", 1), as: "b"))
        await store.close()
    }

    @Test func `without its members a chord is not counted, and one that lost them fails`() async throws {
        let store = try place.store()
        #expect(try await !store.count(part("early", 0), as: "early"))
        let found = try #require(try await store.chord(group).results.first)
        #expect(found.state == .failure && found.failure?.arguments == [.string("GroupResult \(group) no longer exists")])
        await store.close()
    }

    @Test func `a failure is kept with its reason, and a failed chord is not completed again`() async throws {
        let store = try place.store()
        try await begin("a", "b")
        let failure = TaskFailure(type: "ValueError", arguments: ["bad"], module: "builtins")
        #expect(try await !store.count(part("a", 0, failure: failure), as: "a"))
        #expect(try await store.count(part("b", 1), as: "b"))
        let found = try #require(try await store.chord(group).results.first { $0.id == TaskID("a") })
        #expect(found.state == .failure && found.failure == failure)
        try await store.failChord(group)
        #expect(try await !store.count(part("b", 1), as: "b"))
        await store.close()
    }
}
