import CeleryCore
import Fixtures
import ResultStores
import Testing

/// Places of tasks beside their results, beyond what every keeper of limits promises.
@Suite(.timeLimit(.minutes(3))) struct SQLitePlaceTests {
    @Test func `tells which tasks have the places of a line, while their lease lasts`() async throws {
        let fixture = SQLiteResultStoreFixture()
        let store = try #require(try fixture.connect(expires: nil) as? any PlaceKeeping)
        let claims = (1...3).map { PlaceClaim(holder: "\($0)", id: TaskID("\($0)"), task: "t", key: "", places: 2) }
        #expect(try await store.claim(claims, by: "a", for: .seconds(15)) == [true, true, false])
        let other = try #require(try fixture.connect(expires: nil) as? any PlaceKeeping)
        #expect(try await Set(other.holders(of: "t", key: "")) == [TaskID("1"), TaskID("2")])
        #expect(try await other.holders(of: "t", key: "none").isEmpty)
        try await store.leavePlaces(["1"], of: "a")
        #expect(try await other.holders(of: "t", key: "") == [TaskID("2")])
        fixture.clock.advance(by: .seconds(16))
        #expect(try await other.holders(of: "t", key: "").isEmpty)
    }
}
