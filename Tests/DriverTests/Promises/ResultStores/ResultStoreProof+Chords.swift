import CeleryCore
import Testing

// Chords whose members the store counts.
extension ResultStoreProof {
    /// The records of a chord do not stay at the server that all tests share.
    private func counting() throws -> any ChordCounting { try #require(try fixture.connect(expires: 3_600) as? any ChordCounting) }

    private func place() throws -> any ChordFixture { try #require(fixture as? any ChordFixture) }

    /// A chord that a Python client has begun.
    private func chord(of members: [String]) async throws -> TestChord {
        let chord = TestChord()
        try await place().beginChord(chord.group, of: members)
        return chord
    }

    func chordEnds() async throws {
        let store = try counting()
        let chord = try await chord(of: ["a", "b", "c"])
        #expect(try await !store.count(chord.part("b", 1, "two"), as: "b"))
        #expect(try await !store.count(chord.part("c", 2, 3), as: "c"))
        #expect(try await store.count(chord.part("a", 0, ["x": 1]), as: "a"))
        let found = try await store.chord(chord.group)
        #expect(found.results.map(\.id) == [TaskID("a"), TaskID("b"), TaskID("c")])
        #expect(found.results.map(\.value) == [["x": 1], "two", 3])
        #expect(try await store.extendClaim(to: chord.group, as: "a"))
        try await store.finishChord(chord.group, as: "a")
        // A part that comes late begins nothing anew.
        #expect(try await !store.count(chord.part("a", 0, "late"), as: "late"))
        #expect(try await !store.count(chord.part("a", 0, "late"), as: "a"))
        await store.close()
    }

    func chordMemberTwice() async throws {
        let store = try counting()
        let chord = try await chord(of: ["a", "b"])
        for value in [1, 2] as [JSON] { #expect(try await !store.count(chord.part("a", 0, value), as: "a")) }
        #expect(try await store.count(chord.part("b", 1), as: "b"))
        #expect(try await store.chord(chord.group).results.map(\.value) == [1, nil])
        await store.close()
    }

    func chordPlaces() async throws {
        let store = try counting()
        let chord = try await chord(of: ["a", "a"])
        #expect(try await !store.count(chord.part("a", 0, 1), as: "a:0"))
        #expect(try await store.count(chord.part("a", 1, 2), as: "a:1"))
        await store.close()
    }

    func chordClaim() async throws {
        let stores = [try counting(), try counting()]
        let chord = try await chord(of: (0..<50).map(String.init))
        let claims = try await withThrowingTaskGroup(of: (Int, Bool).self) { tasks in
            for number in 0..<50 {
                tasks.addTask { (number, try await stores[number % 2].count(chord.part("\(number)", number), as: "claim-\(number)")) }
            }
            return try await tasks.reduce(into: [Int]()) { if $1.1 { $0.append($1.0) } }
        }
        #expect(claims.count == 1)
        let holder = try #require(claims.first)
        #expect(try await stores[0].count(chord.part("\(holder)", holder), as: "claim-\(holder)"))
        let other = (holder + 1) % 50
        #expect(try await !stores[0].count(chord.part("\(other)", other), as: "claim-\(other)"))
        #expect(try await !stores[0].extendClaim(to: chord.group, as: "claim-\(other)"))
        try await stores[0].finishChord(chord.group, as: "claim-\(other)")
        #expect(try await stores[0].extendClaim(to: chord.group, as: "claim-\(holder)"))
        // The claim of one that died runs out, and another takes it.
        try await place().dropClaim(to: chord.group)
        #expect(try await stores[0].extendClaim(to: chord.group, as: "claim-\(other)"))
        for store in stores { await store.close() }
    }

    func chordFails() async throws {
        let store = try counting()
        let chord = try await chord(of: ["a", "b"])
        let failure = TaskFailure(type: "ValueError", arguments: ["bad"], module: "builtins")
        #expect(try await !store.count(chord.part("a", 0, failure: failure), as: "a"))
        #expect(try await store.count(chord.part("b", 1), as: "b"))
        let found = try #require(try await store.chord(chord.group).results.first)
        #expect(found.id == TaskID("a") && found.state == .failure && found.failure == failure)
        try await store.failChord(chord.group)
        #expect(try await !store.count(chord.part("b", 1), as: "b"))
        await store.close()
    }
}
