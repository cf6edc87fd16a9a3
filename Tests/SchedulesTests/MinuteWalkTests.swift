import Foundation
import Schedules
import Testing

/// Our due times against those of an implementation that has nothing in common with ours but the database.
@Suite(.enabled(if: !ZoneDatabase.system.names.isEmpty, "needs the time-zone database: install tzdata"))
struct MinuteWalkTests {
    @Test(.timeLimit(.minutes(10))) func `agrees with a walk through 2020-2035 in every zone, around changes and ends of months and years`() async throws {
        async let first = MinuteWalk.compare("windows", "0", "2")
        async let second = MinuteWalk.compare("windows", "1", "2")
        let tally = try await first + second
        #expect(tally.zones == Set(ZoneDatabase.system.names))
        #expect(tally.zones.count > 400)
        #expect(tally.lists == tally.zones.count * 21)
        #expect(tally.dueTimes > 1_000_000)
        print("windows of 2020-2035: \(tally.zones.count) zones, \(tally.lists) lists, \(tally.dueTimes) due times")
    }

    @Test(.timeLimit(.minutes(10)), arguments: ["Africa/Casablanca", "Australia/Lord_Howe"])
    func `agrees with a walk through every minute of 2020-2035, with random lines`(zone: String) async throws {
        let tally = try await MinuteWalk.compare("whole", zone)
        #expect(tally.lists == 221)
        #expect(tally.dueTimes > 1_000_000)
        print("all of 2020-2035: \(zone), \(tally.lists) lists, \(tally.dueTimes) due times")
    }

    @Test(.timeLimit(.minutes(10))) func `agrees with a walk second by second through strange days of the past`() async throws {
        let tally = try await MinuteWalk.compare("past", step: 1)
        #expect(tally.zones.count > 20)
        #expect(tally.lists == 28 * 21)
        #expect(tally.dueTimes > 10_000)
        print("the past: \(tally.zones.count) zones, \(tally.lists) lists, \(tally.dueTimes) due times")
    }
}
