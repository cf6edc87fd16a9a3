import CeleryCore
import Fixtures
import Memcached
import Testing
import Wire

@testable import ResultStores

/// Chords counted in Python's number.
@Suite(.timeLimit(.minutes(3))) struct MemcachedChordTests {
    private let place: MemcachedPlace
    private let chord = TestChord()
    private var group: String { chord.group }

    init() throws { place = try MemcachedPlace() }

    private func begin(_ members: String...) async throws { try await place.beginChord(group, of: members) }

    @Test func `a finished chord leaves nothing of Python's records`() async throws {
        let store = try place.store()
        try await begin("a", "b", "c")
        for part in [chord.part("b", 1, "two"), chord.part("c", 2, 3)] { _ = try await store.count(part, as: part.result.id.text) }
        #expect(try await place.get(place.counter(group)) == "2")
        #expect(try await store.count(chord.part("a", 0, ["x": 1]), as: "a"))
        #expect(try await store.chord(group).header?.arrayValue?.last?.arrayValue?.count == 3)
        try await store.finishChord(group, as: "a")
        // As Python leaves it.
        for key in [place.counter(group), place.group(group)] { #expect(try await place.get(key) == nil) }
        // A part that comes late begins nothing anew.
        #expect(try await !store.count(chord.part("a", 0, "late"), as: "a"))
        #expect(try await place.get(place.counter(group)) == nil)
        await store.close()
    }

    @Test func `a member that ends twice raises Python's number once`() async throws {
        let store = try place.store()
        try await begin("a", "b")
        for value in [1, 2] as [JSON] { _ = try await store.count(chord.part("a", 0, value), as: "a") }
        #expect(try await place.get(place.counter(group)) == "1")
        await store.close()
    }

    @Test func `goes on with a chord that Python has begun`() async throws {
        let store = try place.store()
        try await begin("p0", "p1", "o2")
        // A worker in Python stores the result, and counts.
        for id in ["p0", "p1"] {
            try await place.set(place.key(id), #"{"status": "SUCCESS", "result": 7, "traceback": null, "children": [], "task_id": "\#(id)"}"#)
            _ = try await place.link.ask(.increment(place.counter(group)))
        }
        #expect(try await store.count(chord.part("o2", 2, 4), as: "o2"))
        let completion = try ChordCompletion(chord.part("o2", 2, 4), await store.chord(group))
        #expect(Set(completion.uncounted) == [TaskID("p0"), TaskID("p1")])
        #expect(try await store.results(for: completion.uncounted).count == 2)
        await store.close()
    }

    /// Its mark is set, and it has learned no number.
    @Test(arguments: [true, false]) func `a worker that died while it counted is counted once`(hadCounted: Bool) async throws {
        let store = try place.store()
        try await begin("a", "b")
        #expect(try await !store.count(chord.part("a", 0), as: "a"))
        // Back to where the worker died.
        try await place.set(place.counter(group), hadCounted ? "1" : "0")
        try await place.set(MemcachedKeys(prefix: place.prefix).mark(TaskID("a"), at: 0, of: group), "begun")
        #expect(try await !store.count(chord.part("a", 0), as: "a"))
        #expect(try await place.get(place.counter(group)) == "1")
        #expect(try await store.count(chord.part("b", 1), as: "b"))
        await store.close()
    }

    @Test func `without its members a chord is not counted, and one that lost them fails`() async throws {
        let store = try place.store()
        #expect(try await !store.count(chord.part("early", 0), as: "early"))
        let found = try #require(try await store.chord(group).results.first)
        #expect(found.state == .failure && found.failure?.arguments == [.string("GroupResult \(group) no longer exists")])
        await store.close()
    }
}
