import Fixtures
import Foundation
import Schedules
import Testing

/// Our due times against those of an implementation that has nothing in common with ours but the database.
@Suite(.enabled(if: !ZoneDatabase.system.names.isEmpty, "needs the time-zone database: install tzdata"))
struct MinuteWalkTests {
    @Test(.timeLimit(.minutes(10))) func `agrees with a walk through 2020-2035 in zones of all kinds, around changes and ends of months and years`() async throws {
        // Two of ten parts; under `Tests/run --all` all of them, two at a time.
        var tally = MinuteWalk.Tally()
        for part in stride(from: 0, to: fuzzRounds(2), by: 2) {
            async let first = MinuteWalk.compare("windows", "\(part)", "10")
            async let second = MinuteWalk.compare("windows", "\(part + 1)", "10")
            tally = try await tally + first + second
        }
        let all = Set(ZoneDatabase.system.names)
        #expect(all.count > 400)
        #expect(fuzzRounds(2) < 10 ? tally.zones.count > 60 && tally.zones.isSubset(of: all) : tally.zones == all)
        #expect(tally.lists == tally.zones.count * 21)
        #expect(tally.dueTimes > 200_000)
        print("windows of 2020-2035: \(tally.zones.count) zones, \(tally.lists) lists, \(tally.dueTimes) due times")
    }

    @Test(.timeLimit(.minutes(10)), arguments: ["Africa/Casablanca", "Australia/Lord_Howe"])
    func `agrees with a walk through every minute of years, with random lines`(zone: String) async throws {
        // Under `Tests/run --all` sixteen years.
        let (random, years) = (fuzzRounds(8), min(16, fuzzRounds(4)))
        let tally = try await MinuteWalk.compare("whole", zone, "\(random)", "\(years)")
        #expect(tally.lists == 21 + random)
        #expect(tally.dueTimes > 15_000 * years)
        print("\(years) years from 2020: \(zone), \(tally.lists) lists, \(tally.dueTimes) due times")
    }

    @Test(.timeLimit(.minutes(10))) func `agrees with a walk second by second through strange days of the past`() async throws {
        let tally = try await MinuteWalk.compare("past", step: 1)
        #expect(tally.zones.count > 20)
        #expect(tally.lists == 28 * 21)
        #expect(tally.dueTimes > 10_000)
        print("the past: \(tally.zones.count) zones, \(tally.lists) lists, \(tally.dueTimes) due times")
    }
}
