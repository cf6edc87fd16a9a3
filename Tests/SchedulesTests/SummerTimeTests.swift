import Fixtures
import CeleryCore
import Testing

@testable import Schedules

/// The rules of celery(7) for clocks that are set, one by one; `MinuteWalkTests` has every zone.
@Suite(.enabled(if: !ZoneDatabase.system.names.isEmpty, "needs the time-zone database: install tzdata"))
struct SummerTimeTests {
    private func due(_ line: String, _ zone: String, _ start: String, _ end: String) throws -> [String] {
        try Schedule("\(line) \(zone)").times(after: .utc(start), through: .utc(end)).map(\.utcText)
    }

    @Test func `what falls into a gap is due once, when it ends`() throws {
        // Berlin goes from 2:00 to 3:00 at 1:00 UTC.
        #expect(try due("30 2 * * *", "Europe/Berlin", "2024-03-30 00:00", "2024-04-01 23:00") == [
            "2024-03-30 01:30", "2024-03-31 01:00", "2024-04-01 00:30",
        ])
        #expect(try due("0,15,30,45 2 * * *", "Europe/Berlin", "2024-03-31 00:00", "2024-03-31 12:00") == ["2024-03-31 01:00"])
        // One that is due at the end of the gap anyhow is due once.
        #expect(try due("30 2,3 * * *", "Europe/Berlin", "2024-03-31 00:00", "2024-03-31 12:00") == ["2024-03-31 01:00", "2024-03-31 01:30"])
        #expect(try due("0 2,3 * * *", "Europe/Berlin", "2024-03-31 00:00", "2024-03-31 12:00") == ["2024-03-31 01:00"])
    }

    @Test func `what the clock shows twice is due the first time`() throws {
        // Berlin goes from 3:00 to 2:00 at 1:00 UTC.
        #expect(try due("30 2 * * *", "Europe/Berlin", "2024-10-26 12:00", "2024-10-28 12:00") == ["2024-10-27 00:30", "2024-10-28 01:30"])
        #expect(try due("0 2,3 * * *", "Europe/Berlin", "2024-10-26 12:00", "2024-10-27 12:00") == ["2024-10-27 00:00", "2024-10-27 02:00"])
        // Asked in the middle of the second time, the answer is tomorrow's.
        #expect(try Schedule("30 2 * * * Europe/Berlin").next(after: .utc("2024-10-27 01:10")) == .utc("2024-10-28 01:30"))
    }

    @Test func `a wildcard follows the clock`() throws {
        #expect(try due("30 * * * *", "Europe/Berlin", "2024-03-31 00:00", "2024-03-31 02:00") == ["2024-03-31 00:30", "2024-03-31 01:30"])
        #expect(try due("*/30 2 * * *", "Europe/Berlin", "2024-03-31 00:00", "2024-03-31 12:00") == [])
        #expect(try due("*/30 2 * * *", "Europe/Berlin", "2024-10-26 12:00", "2024-10-27 12:00") == [
            "2024-10-27 00:00", "2024-10-27 00:30", "2024-10-27 01:00", "2024-10-27 01:30",
        ])
        #expect(try due("0 * * * *", "Europe/Berlin", "2024-10-26 23:00", "2024-10-27 02:00") == ["2024-10-27 00:00", "2024-10-27 01:00", "2024-10-27 02:00"])
    }

    @Test func `a gap of half an hour, and one of two hours`() throws {
        // Lord Howe goes from 2:00 to 2:30 at 15:30 UTC, Troll from 1:00 to 3:00 at 1:00 UTC.
        #expect(try due("15 2 * * *", "Australia/Lord_Howe", "2024-10-05 00:00", "2024-10-06 00:00") == ["2024-10-05 15:30"])
        #expect(try due("45 1 * * *", "Australia/Lord_Howe", "2024-04-06 00:00", "2024-04-07 00:00") == ["2024-04-06 14:45"])
        #expect(try due("15 1,2 * * *", "Antarctica/Troll", "2024-03-31 00:00", "2024-03-31 12:00") == ["2024-03-31 01:00"])
        #expect(try due("15 1,2 * * *", "Antarctica/Troll", "2024-10-26 12:00", "2024-10-27 12:00") == ["2024-10-26 23:15", "2024-10-27 00:15"])
    }

    @Test func `a day that a zone leaves out is a gap too`() throws {
        // Samoa had no 30 December 2011: midnight after the 29th, at 10:00 UTC of the 30th, began the 31st.
        #expect(try due("0 12 * * *", "Pacific/Apia", "2011-12-29 12:00", "2011-12-31 12:00") == ["2011-12-29 22:00", "2011-12-30 10:00", "2011-12-30 22:00"])
        #expect(try due("0 12 30 12 *", "Pacific/Apia", "2011-12-01 00:00", "2012-01-02 00:00") == ["2011-12-30 10:00"])
        #expect(try due("0 */12 30 12 *", "Pacific/Apia", "2011-12-01 00:00", "2012-01-02 00:00") == [])
        // Kwajalein had 30 September 1969 almost twice.
        #expect(try due("0 12 30 9 *", "Pacific/Kwajalein", "1969-09-28 00:00", "1969-10-03 00:00") == ["1969-09-30 01:00"])
        #expect(try due("0 */12 30 9 *", "Pacific/Kwajalein", "1969-09-28 00:00", "1969-10-03 00:00") == [
            "1969-09-29 13:00", "1969-09-30 01:00", "1969-10-01 00:00",
        ])
    }

    @Test func `changes that are not summer time`() throws {
        // Caracas went half an hour forward on 1 May 2016 at 2:30, Pyongyang on 5 May 2018 at 23:30 of the 4th.
        #expect(try due("45 2 * * *", "America/Caracas", "2016-05-01 00:00", "2016-05-02 00:00") == ["2016-05-01 07:00"])
        #expect(try due("45 23 * * *", "Asia/Pyongyang", "2018-05-04 00:00", "2018-05-05 00:00") == ["2018-05-04 15:00"])
        // Morocco leaves its time for Ramadan, and comes back.
        #expect(try due("30 2 * * *", "Africa/Casablanca", "2024-03-09 12:00", "2024-03-11 12:00") == ["2024-03-10 01:30", "2024-03-11 02:30"])
        #expect(try due("30 2 * * *", "Africa/Casablanca", "2024-04-13 12:00", "2024-04-15 12:00") == ["2024-04-14 02:00", "2024-04-15 01:30"])
    }

    @Test func `runs are the same from wherever one looks`() throws {
        var generator = SeededGenerator(seed: 11)
        for zone in ["Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Antarctica/Troll", "America/St_Johns"] {
            for line in ["30 2 * * *", "*/15 2 * * *", "0 0-4 * * sun", "15,45 1,2 L * sun"] {
                let schedule = try Schedule("\(line) \(zone)")
                let all = schedule.times(after: .utc("2023-01-01 00:00"), through: .utc("2025-01-01 00:00"))
                for _ in 0..<200 {
                    let time = Timestamp(seconds: Double.random(in: 1_675_000_000...1_730_000_000, using: &generator))
                    #expect(schedule.next(after: time) == all.first { $0 > time })
                    #expect(schedule.last(through: time) == all.last { $0 <= time })
                }
            }
        }
    }
}
