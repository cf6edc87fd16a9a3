import CeleryCore
import Testing

@testable import Schedules

@Suite struct CrontabTests {
    /// The next runs of a line in UTC.
    private func next(_ count: Int, _ line: String, after start: String) throws -> [String] {
        let schedule = Schedule.crontab(try Crontab(line, zone: .utc))
        return schedule.times(after: .utc(start)).prefix(count).map(\.utcText)
    }

    @Test func `is due later than asked, at the beginning of minutes`() throws {
        let crontab = try Crontab("*/5 * * * *", zone: .utc)
        #expect(crontab.next(after: .utc("2026-01-01 00:00")) == .utc("2026-01-01 00:05"))
        #expect(crontab.next(after: Timestamp(seconds: Timestamp.utc("2026-01-01 00:05").seconds - 0.001)) == .utc("2026-01-01 00:05"))
        #expect(crontab.next(after: .utc("2026-12-31 23:55")) == .utc("2027-01-01 00:00"))
        #expect(crontab.last(through: .utc("2026-01-01 00:05")) == .utc("2026-01-01 00:05"))
        #expect(crontab.last(through: .utc("2026-01-01 00:04:59")) == .utc("2026-01-01 00:00"))
    }

    @Test func `takes a day that matches either field when both are restricted`() throws {
        #expect(try next(4, "0 0 13 * fri", after: "2026-11-05 00:00") == [
            "2026-11-06 00:00", "2026-11-13 00:00", "2026-11-20 00:00", "2026-11-27 00:00",
        ])
        #expect(try next(2, "0 0 1 * mon", after: "2026-06-30 00:00") == ["2026-07-01 00:00", "2026-07-06 00:00"])
        // Not restricted, to cron: it begins with a star.
        #expect(try next(2, "0 0 */2 * mon", after: "2026-07-01 00:00") == ["2026-07-13 00:00", "2026-07-27 00:00"])
        #expect(try next(2, "0 0 1-7 * */7", after: "2026-07-01 00:00") == ["2026-07-05 00:00", "2026-08-02 00:00"])
    }

    @Test func `finds the ends of months and counted weekdays`() throws {
        #expect(try next(4, "0 0 L * *", after: "2023-12-31 00:00") == ["2024-01-31 00:00", "2024-02-29 00:00", "2024-03-31 00:00", "2024-04-30 00:00"])
        #expect(try next(2, "0 0 L-2 2 *", after: "2023-01-01 00:00") == ["2023-02-26 00:00", "2024-02-27 00:00"])
        #expect(try next(2, "0 0 * * friL", after: "2026-01-01 00:00") == ["2026-01-30 00:00", "2026-02-27 00:00"])
        #expect(try next(2, "0 0 * * 5L", after: "2026-01-01 00:00") == ["2026-01-30 00:00", "2026-02-27 00:00"])
        #expect(try next(2, "0 0 ? * mon#2", after: "2026-01-01 00:00") == ["2026-01-12 00:00", "2026-02-09 00:00"])
        #expect(try next(2, "0 0 * * 7#5", after: "2026-01-01 00:00") == ["2026-03-29 00:00", "2026-05-31 00:00"])
        #expect(try next(3, "0 0 15,L * *", after: "2026-01-01 00:00") == ["2026-01-15 00:00", "2026-01-31 00:00", "2026-02-15 00:00"])
    }

    @Test(arguments: [
        ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), ("@monthly", "0 0 1 * *"), ("@weekly", "0 0 * * 0"), ("@Daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"), ("@hourly", "0 * * * *"),
    ])
    func `knows the words of cron`(_ word: String, _ line: String) throws {
        #expect(try Crontab(word, zone: .utc) == Crontab(line, zone: .utc))
        #expect(try Crontab(word, zone: .utc).expression == line)
    }

    @Test func `finds leap days, also over the years without one`() throws {
        #expect(try next(2, "0 0 29 2 *", after: "2096-02-29 00:00") == ["2104-02-29 00:00", "2108-02-29 00:00"])
        #expect(try next(1, "0 0 29 2 *", after: "2024-02-29 00:00") == ["2028-02-29 00:00"])
        // A leap day on a Monday: the fields begin with stars, so both must match.
        #expect(try next(2, "0 0 */28 2 mon", after: "2072-02-29 00:00") == ["2077-02-01 00:00", "2083-02-01 00:00"])
        let crontab = try Crontab("0 0 29 2 *", zone: .utc)
        #expect(crontab.last(through: .utc("2104-02-28 00:00")) == .utc("2096-02-29 00:00"))
    }

    @Test(arguments: ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 feb ?", "0 0 L-30 4 *", "0 0 L-29 2 *"])
    func `knows what can never be`(_ line: String) throws {
        let schedule = Schedule.crontab(try Crontab(line, zone: .utc))
        #expect(!schedule.isPossible)
        #expect(schedule.next(after: .utc("2026-01-01 00:00")) == nil)
        #expect(schedule.last(through: .utc("2026-01-01 00:00")) == nil)
    }

    @Test(arguments: ["0 0 29 2 *", "0 0 30 2 mon", "0 0 31 1,2 *", "* * * * *", "0 0 L-28 2 *"])
    func `knows what can be`(_ line: String) throws {
        #expect(try Crontab(line, zone: .utc).isPossible)
    }

    @Test func `ends with the calendar`() throws {
        let crontab = try Crontab("* * * * *", zone: .utc)
        #expect(crontab.next(after: .utc("9999-12-31 23:58")) == .utc("9999-12-31 23:59"))
        #expect(crontab.next(after: .utc("9999-12-31 23:59")) == nil)
        for seconds in [Double.nan, .infinity, 1e300] { #expect(crontab.next(after: Timestamp(seconds: seconds)) == nil) }
        #expect(crontab.next(after: Timestamp(seconds: -.infinity)) == .utc("1-01-01 00:00"))
        #expect(crontab.last(through: Timestamp(seconds: -1e300)) == nil)
    }

    @Test func `is put together from Celery's keywords`() throws {
        #expect(try Crontab(minute: "0", hour: "*/3, 8-17", zone: .utc) == Crontab("0 */3,8-17 * * *", zone: .utc))
        #expect(try Crontab(minute: "1", hour: "2", dayOfWeek: "sun", dayOfMonth: "4", monthOfYear: "5", zone: .utc)
            == Crontab("1 2 4 5 0", zone: .utc))
        let error = #expect(throws: ScheduleError.self) { try Crontab(hour: "1 2 3 4", zone: .utc) }
        #expect(error?.message == "'1234' in the hour field is not allowed")
    }

    @Test(arguments: [
        ("", "'' has 0 of the five fields of a crontab line; the fields are minute, hour, day of month, month, day of week"),
        ("0 0 * *", "'0 0 * *' has 4 of the five fields of a crontab line; the fields are minute, hour, day of month, month, day of week"),
        ("0 0 6 * * ?", "'0 0 6 * * ?' has more than the five fields of a crontab line; the fields are minute, hour, day of month, month, day of week; there are no seconds and no years"),
        ("0 0 6 * * mon", "'0 0 6 * * mon' has more than the five fields of a crontab line; the fields are minute, hour, day of month, month, day of week; there are no seconds and no years"),
        ("0 0 * * * UTC now", "'UTC now' follows the five fields of a crontab line; only the name of a time zone may follow, such as Europe/Berlin"),
        ("@reboot", "@reboot is not a time and cannot be scheduled; start such a command from a systemd unit, or with the program that starts the worker"),
        ("@weekley", "'@weekley' is not a schedule; did you mean '@weekly'?"),
        ("@x", "'@x' is not a schedule; allowed: @annually, @daily, @hourly, @midnight, @monthly, @weekly, @yearly"),
    ])
    func `says what is wrong with a line`(_ line: String, _ message: String) {
        let error = #expect(throws: ScheduleError.self) { try Crontab(line, zone: .utc) }
        #expect(error?.description == message)
    }
}
