import CeleryCore
import Fixtures
import Redis
import ResultStores
import Testing
import Wire

/// Chords counted in Python's records.
@Suite(.timeLimit(.minutes(3))) struct RedisChordTests {
    private let place: RedisPlace
    private let chord = TestChord()
    private var group: String { chord.group }

    init() throws { place = try RedisPlace() }

    private func begin(size: Int) async throws { try await place.beginChord(group, size: size) }

    @Test func `the records are Python's, and of a finished chord only the word for that is left`() async throws {
        let store = try place.store()
        try await begin(size: 3)
        for part in [chord.part("b", 1, "two"), chord.part("c", 2, 3), chord.part("a", 0, ["x": 1])] {
            _ = try await store.count(part, as: part.result.id.text)
        }
        #expect(try await store.chord(group).header == nil)
        #expect(try await place.link.ask(RedisCommand("ZRANGE", .text(place.group(group, ".j")), "0", "0")).elements?.first?.textValue == #"[1, "a", "SUCCESS", {"x": 1}]"#)
        try await store.finishChord(group, as: "a")
        for suffix in [".j", ".t", ".s", ".d"] { #expect(try await place.secondsLeft(place.group(group, suffix)) == -2) }
        #expect(try await place.get(place.group(group, ".c")) == "done")
        // Not even of a part that comes late.
        #expect(try await !store.count(chord.part("a", 0, "late"), as: "late"))
        #expect(try await place.secondsLeft(place.group(group, ".j")) == -2)
        await store.close()
    }

    @Test func `members that a task adds are waited for, and without a size nobody is`() async throws {
        let store = try place.store()
        #expect(try await !store.count(chord.part("early", 0), as: "early"))
        try await begin(size: 1)
        // As Python's `add_to_chord` does.
        _ = try await place.link.ask(RedisCommand("INCR", .text(place.group(group, ".t"))))
        #expect(try await !store.count(chord.part("early", 0), as: "early"))
        #expect(try await store.count(chord.part("added", nil, "last"), as: "added"))
        #expect(try await store.chord(group).results.map(\.id) == [TaskID("early"), TaskID("added")])
        await store.close()
    }

    @Test func `what the members of a failed chord came to is kept`() async throws {
        let store = try place.store()
        try await begin(size: 2)
        _ = try await store.count(chord.part("a", 0, failure: TaskFailure(type: "ValueError")), as: "a")
        try await store.failChord(group)
        #expect(try await !store.count(chord.part("b", 1), as: "b"))
        #expect(try await place.secondsLeft(place.group(group, ".j")) ?? 0 > 0)
        await store.close()
    }

    @Test func `the records of a chord are kept for as long as the settings say`() async throws {
        let store = try place.store(expires: 1_000, chordExpires: 200)
        try await begin(size: 3)
        try await place.set(place.group(group), .text(#"{"result": [["g", null], []]}"#))
        _ = try await store.count(chord.part("a", 0), as: "a")
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
        #expect(try await !store.count(chord.part("p1", 1, "other"), as: "p1"))
        #expect(try await store.count(chord.part("o2", 2, 4), as: "o2"))
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
