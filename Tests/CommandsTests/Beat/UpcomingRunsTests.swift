import Beat
import CeleryCore
import Schedules
import Testing

@testable import Commands

@Suite struct UpcomingRunsTests {
    private let now = Timestamp(seconds: 1_000_000)

    @Test func `come in order, over all entries`() throws {
        let entries = try [EntryFixture.entry("a", every: 3), EntryFixture.entry("b", every: 2), EntryFixture.entry("c", every: 7)]
        let runs = Array(UpcomingRuns(entries, [:], now: now).prefix(200))
        #expect(runs.count == 200)
        #expect(zip(runs, runs.dropFirst()).allSatisfy { ($0.time, $0.entry.name) < ($1.time, $1.entry.name) })
        let end = runs[199].time
        for entry in entries {
            let expected = entry.periodic.schedule.times(after: now, through: end)
            let found = runs.filter { $0.entry.name == entry.name }.map(\.due)
            #expect(found == Array(expected.prefix(found.count)) && found.count >= expected.count - 1)
        }
    }

    @Test func `are sent with their jitter`() throws {
        let entries = try (0..<20).map { try EntryFixture.entry("e\($0)", every: 60, jitter: 30) }
        let runs = Array(UpcomingRuns(entries, [:], now: now).prefix(20))
        #expect(Set(runs.map(\.due)).count == 1)
        #expect(Set(runs.map(\.time)).count == 20)
        #expect(runs.map(\.time) == runs.map(\.time).sorted())
    }

    @Test func `do not come again once they were sent, and are marked while paused`() throws {
        let entry = try EntryFixture.entry("a", every: 10)
        var record = EntryFixture.record(entry, handled: 1_000_030)
        record.pause = EntryPause(since: now, until: Timestamp(seconds: 1_000_060))
        let runs = UpcomingRuns([entry], ["a": record], now: now).prefix(4)
        #expect(runs.map(\.due.seconds) == [1_000_040, 1_000_050, 1_000_060, 1_000_070])
        #expect(runs.map(\.isPaused) == [true, true, false, false])
    }

    @Test func `of nothing there are none`() {
        #expect(UpcomingRuns([], [:], now: now).map(\.due) == [])
    }
}
