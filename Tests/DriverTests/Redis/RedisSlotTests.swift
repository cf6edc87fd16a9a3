import CeleryCore
import Fixtures
import ResultStores
import Testing

/// Slots of tasks in a Redis server, beyond what every keeper of limits promises.
@Suite(.timeLimit(.minutes(3))) struct RedisSlotTests {
    private func claims(_ numbers: ClosedRange<Int>, slots: Int, key: String = "any\u{0}key\n") -> [SlotClaim] {
        numbers.map { SlotClaim(holder: "\($0)", id: TaskID("id \($0)"), task: "t", key: key, slots: slots) }
    }

    @Test func `tells which tasks have the slots of a key, while their lease lasts`() async throws {
        let clock = ManualClock()
        let place = try RedisPlace()
        let store = try place.store(testTime: { clock.now })
        #expect(try await store.claim(claims(1...3, slots: 2), by: "a", for: .seconds(15)) == [true, true, false])
        let other = try place.store(testTime: { clock.now })
        #expect(try await Set(other.holders(of: "t", key: "any\u{0}key\n")) == [TaskID("id 1"), TaskID("id 2")])
        #expect(try await other.holders(of: "t", key: "none").isEmpty)
        try await store.leaveSlots(["1"], of: "a")
        try await store.leaveSlots([], of: "a")
        #expect(try await other.holders(of: "t", key: "any\u{0}key\n") == [TaskID("id 2")])
        clock.advance(by: .seconds(16))
        #expect(try await other.holders(of: "t", key: "any\u{0}key\n").isEmpty)
    }

    @Test func `a claim that is made again because no answer came has the slot it had`() async throws {
        let store = try RedisPlace().store()
        #expect(try await store.claim(claims(1...1, slots: 1), by: "a", for: .seconds(60)) == [true])
        #expect(try await store.claim(claims(1...1, slots: 1), by: "a", for: .seconds(60)) == [true])
        #expect(try await store.claim(claims(1...1, slots: 1), by: "b", for: .seconds(60)) == [false])
        try await store.leaveSlots(nil, of: "a")
        #expect(try await store.claim(claims(1...1, slots: 1), by: "b", for: .seconds(60)) == [true])
    }
}
