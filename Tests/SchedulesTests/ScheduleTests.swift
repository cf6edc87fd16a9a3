import CeleryCore
import Testing

@testable import Schedules

@Suite struct ScheduleTests {
    @Test(arguments: [
        ("every 30s", "every 30s"), ("90", "every 90s"), ("@every 1h", "every 1h"), ("*/5  *\t* * *", "*/5 * * * * UTC"), ("@daily", "0 0 * * * UTC"),
        ("0 9 * JAN Mon-Fri", "0 9 * jan mon-fri UTC"), ("0 0 L * friL UTC", "0 0 l * fril UTC"), ("CRON_TZ=UTC @hourly", "0 * * * * UTC"),
        ("0 0 * * * <+0330>-3:30", "0 0 * * * <+0330>-3:30"),
    ])
    func `reads and writes text`(_ text: String, _ canonical: String) throws {
        let schedule = try Schedule(text, zone: .utc)
        #expect(schedule.description == canonical)
        #expect(try Schedule(canonical) == schedule)
    }

    @Test(arguments: [
        ("", "a schedule is empty; write an interval such as 30s, or a crontab line such as '*/5 * * * *'"),
        ("  ", "a schedule is empty; write an interval such as 30s, or a crontab line such as '*/5 * * * *'"),
        ("daily", "'daily' is not a schedule; write an interval such as 30s, or a crontab line such as '*/5 * * * *'"),
        ("5x", "'5x' is not a length of time; write for instance 90s, 10m, 1.5h or 1d"),
        ("0 25 * * *", "'25' in the hour field is not allowed; allowed: 0-23"),
        ("a\u{1B}[31mb", "'a?[31mb' is not a schedule; write an interval such as 30s, or a crontab line such as '*/5 * * * *'"),
    ])
    func `says what is wrong with a text`(_ text: String, _ message: String) {
        let error = #expect(throws: ScheduleError.self) { try Schedule(text, zone: .utc) }
        #expect(error?.description == message)
    }

    @Test func `equal schedules may be written differently`() throws {
        #expect(try Schedule("0 0 * * sun", zone: .utc) == Schedule("@weekly", zone: .utc))
        #expect(try Schedule("0 0 * * 7", zone: .utc).hashValue == Schedule("0 0 * * 0", zone: .utc).hashValue)
        // Not equal: one begins with a star, and so follows the clock through an hour twice.
        #expect(try Schedule("* 2 * * *", zone: .utc) != Schedule("0-59 2 * * *", zone: .utc))
        #expect(try Schedule("0 0 * * *", zone: .utc) != Schedule("0 0 * * *", zone: ZoneDatabase.system.zone(named: "<+01>-1")))
    }

    @Test func `lists missed runs, the earliest first, up to a limit`() throws {
        let start = Timestamp.utc("2026-01-01 00:00")
        for text in ["every 10m", "*/10 * * * *"] {
            let schedule = try Schedule(text, zone: .utc)
            #expect(schedule.times(after: start, through: .utc("2026-01-01 00:30")).map(\.utcText) == ["2026-01-01 00:10", "2026-01-01 00:20", "2026-01-01 00:30"])
            #expect(schedule.times(after: start, through: .utc("2027-01-01 00:00"), limit: 2).count == 2)
            #expect(schedule.times(after: start, through: .utc("2027-01-01 00:00"), limit: 0).isEmpty)
            #expect(schedule.times(after: start, through: start).isEmpty)
            #expect(schedule.times(after: start, through: .utc("2025-01-01 00:00")).isEmpty)
            #expect(schedule.times(after: start, through: .utc("2026-01-02 00:00")).count == 144)
        }
    }

    @Test func `finds the last run wherever the next is found`() throws {
        for text in ["*/7 3 * * *", "0 0 29 2 *", "30 6 L * *", "@yearly", "every 7s", "0 0 1 1 mon#1"] {
            let schedule = try Schedule(text, zone: .utc)
            for due in schedule.times(after: .utc("2019-06-01 00:00")).prefix(50) {
                #expect(schedule.last(through: due) == due)
                let before = try #require(schedule.last(through: Timestamp(seconds: due.seconds - 0.5)))
                #expect(schedule.next(after: before) == due)
            }
        }
    }
}
