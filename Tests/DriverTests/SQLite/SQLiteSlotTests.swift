import CeleryCore
import Fixtures
import ResultStores
import Testing

/// Slots of tasks beside their results, beyond what every keeper of limits promises.
@Suite(.timeLimit(.minutes(3))) struct SQLiteSlotTests {
    @Test func `tells which tasks have the slots of a line, while their lease lasts`() async throws {
        let fixture = SQLiteResultStoreFixture()
        let store = try #require(try fixture.connect(expires: nil) as? any SlotKeeping)
        let claims = (1...3).map { SlotClaim(holder: "\($0)", id: TaskID("\($0)"), task: "t", key: "", slots: 2) }
        #expect(try await store.claim(claims, by: "a", for: .seconds(15)) == [true, true, false])
        let other = try #require(try fixture.connect(expires: nil) as? any SlotKeeping)
        #expect(try await Set(other.holders(of: "t", key: "")) == [TaskID("1"), TaskID("2")])
        #expect(try await other.holders(of: "t", key: "none").isEmpty)
        try await store.leaveSlots(["1"], of: "a")
        #expect(try await other.holders(of: "t", key: "") == [TaskID("2")])
        fixture.clock.advance(by: .seconds(16))
        #expect(try await other.holders(of: "t", key: "").isEmpty)
    }
}
