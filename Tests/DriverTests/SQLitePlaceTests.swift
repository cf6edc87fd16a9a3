import CeleryCore
import Fixtures
import ResultStores
import Testing

/// Places of tasks beside their results, for workers of another broker.
@Suite(.timeLimit(.minutes(3))) struct SQLitePlaceTests {
    private let fixture = SQLiteResultStoreFixture()

    private func store() throws -> any PlaceKeeping { try #require(try fixture.connect(expires: nil) as? any PlaceKeeping) }

    private func claims(_ count: Int, _ key: String = "", places: Int = 2) -> [PlaceClaim] {
        (1...count).map { PlaceClaim(holder: "\(key)\($0)", id: TaskID(), task: "t", key: key, places: places) }
    }

    @Test func `no more places are taken than there are, by task and key, over all workers`() async throws {
        let (first, second) = (try store(), try store())
        #expect(try await first.claim(claims(3), by: "a", for: .seconds(15)) == [true, true, false])
        #expect(try await second.claim(claims(1), by: "b", for: .seconds(15)) == [false])
        #expect(try await second.claim(claims(1, "k") + claims(1), by: "b", for: .seconds(15)) == [true, false])
        #expect(try await second.holders(of: "t", key: "").count == 2)
        #expect(try await second.holders(of: "t", key: "none").isEmpty)
        // A worker frees its own only.
        try await second.leavePlaces(["1"], of: "b")
        #expect(try await second.claim(claims(1), by: "b", for: .seconds(15)) == [false])
        try await first.leavePlaces(["1"], of: "a")
        #expect(try await second.claim(claims(2), by: "b", for: .seconds(15)) == [true, false])
        try await first.leavePlaces(nil, of: "a")
        #expect(try await first.claim(claims(2), by: "a", for: .seconds(15)) == [true, false])
    }

    @Test func `places of a worker that is gone come free when their lease ends, and those of one that lives do not`() async throws {
        let store = try store()
        #expect(try await store.claim(claims(1), by: "gone", for: .seconds(15)) == [true])
        #expect(try await store.claim(claims(1), by: "lives", for: .seconds(15)) == [true])
        fixture.clock.advance(by: .seconds(10))
        try await store.renewPlaces(of: "lives", for: .seconds(15))
        #expect(try await store.claim(claims(1), by: "new", for: .seconds(15)) == [false])
        fixture.clock.advance(by: .seconds(6))
        #expect(try await store.claim(claims(2), by: "new", for: .seconds(15)) == [true, false])
    }
}
