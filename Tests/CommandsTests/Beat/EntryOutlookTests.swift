import Beat
import CeleryCore
import Schedules
import Testing

@testable import Commands

@Suite struct EntryOutlookTests {
    private let now = Timestamp(seconds: 1_000_000)

    private func outlook(_ change: (inout EntryRecord) -> Void = { _ in }) throws -> EntryOutlook {
        let entry = try EntryFixture.entry("a", every: 10, expectWithin: 100)
        var record = EntryFixture.record(entry, handled: 999_995)
        record.lastSuccess = Timestamp(seconds: 999_990)
        record.sentCount = 1
        change(&record)
        return EntryOutlook(entry: entry, record: record, now: now)
    }

    @Test func `tells how it is in one word`() throws {
        #expect(try outlook().health == .ok)
        #expect(try outlook { $0.sentCount = 0 }.health == .waiting)
        #expect(try outlook { $0.handled = Timestamp(seconds: 999_900) }.health == .late)
        #expect(try outlook { $0.lastSuccess = Timestamp(seconds: 999_899) }.health == .absent)
        #expect(try outlook { $0.pause = EntryPause(since: now); $0.lastSuccess = nil; $0.handled = $0.since }.health == .paused)
        #expect(try outlook { $0.pause = EntryPause(since: now, until: now) }.health == .ok)
        #expect(EntryOutlook(entry: try EntryFixture.entry("a", every: 10), record: nil, now: now).health == .waiting)
    }

    @Test func `tells what comes next`() throws {
        #expect(try outlook().next?.seconds == 1_000_010)
        #expect(try outlook { $0.handled = Timestamp(seconds: 1_000_020) }.next?.seconds == 1_000_030)
        // What is late should have come.
        #expect(try outlook { $0.handled = Timestamp(seconds: 999_900) }.next?.seconds == 999_910)
        #expect(try outlook { $0.pause = EntryPause(since: now) }.next == nil)
        #expect(try outlook { $0.pause = EntryPause(since: now, until: Timestamp(seconds: 1_000_015)) }.next?.seconds == 1_000_020)
        #expect(try outlook { $0.schedule = "every 1s"; $0.handled = Timestamp(seconds: 5_000_000) }.next?.seconds == 1_000_010)
    }
}
