import Arguments
import CeleryCore
import Foundation
import Testing

@testable import Commands

/// Times are local to the zone of the process; see the end-to-end tests for other zones.
@Suite struct TimeTextTests {
    /// 2030-01-31 12:00:00 on the clock here.
    private let noon: Timestamp
    private let calendar: Calendar

    init() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .current
        self.calendar = calendar
        noon = try Self.moment(calendar, 1, 31, 12)
    }

    private static func moment(_ calendar: Calendar, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int = 0, _ second: Int = 0) throws -> Timestamp {
        let parts = DateComponents(year: 2_030, month: month, day: day, hour: hour, minute: minute, second: second)
        return Timestamp(seconds: try #require(calendar.date(from: parts)).timeIntervalSince1970)
    }

    private func parse(_ text: String) -> Timestamp? { TimeText(now: noon).parse(text) }

    @Test func `reads clock times as the next time the clock shows them`() throws {
        #expect(parse("12:01") == (try Self.moment(calendar, 1, 31, 12, 1)))
        #expect(parse("23:59:58") == (try Self.moment(calendar, 1, 31, 23, 59, 58)))
        // Now is not next, and the month ends.
        #expect(parse("12:00") == (try Self.moment(calendar, 2, 1, 12)))
        #expect(parse("6:05") == (try Self.moment(calendar, 2, 1, 6, 5)))
    }

    @Test func `reads days`() throws {
        #expect(parse("now") == noon)
        #expect(parse("today") == (try Self.moment(calendar, 1, 31, 0)))
        #expect(parse("Tomorrow") == (try Self.moment(calendar, 2, 1, 0)))
        #expect(parse("today 06:00") == (try Self.moment(calendar, 1, 31, 6)))
        #expect(parse("tomorrow 06:00:30") == (try Self.moment(calendar, 2, 1, 6, 0, 30)))
    }

    @Test func `reads ISO 8601, with and without a zone`() throws {
        #expect(parse("2030-03-01T06:00") == (try Self.moment(calendar, 3, 1, 6)))
        #expect(parse("2030-03-01 06:00:07") == (try Self.moment(calendar, 3, 1, 6, 0, 7)))
        #expect(parse("2030-01-01T00:00:00Z") == Timestamp(seconds: 1_893_456_000))
        #expect(parse("2030-01-01T02:00:00.5+02:00") == Timestamp(seconds: 1_893_456_000.5))
    }

    @Test(arguments: [
        "", " ", "noon", "24:00", "12:60", "12:00:60", "1:2:3:4", "12:", ":30", "-1:00", "12:0x", "yesterdays", "tomorrow noon",
        "06:00 tomorrow", "today tomorrow", "tomorrow 06:00 sharp", "2030-13-01T00:00", "2030-02-30T00:00", "5",
    ])
    func `refuses what is no time`(_ text: String) {
        #expect(parse(text) == nil)
    }

    @Test func `reads a duration or a time where both will do`() throws {
        let before = Timestamp.now
        let soon = try ValueParser<Timestamp>.timeOrDuration.parse("10m")
        #expect(soon >= before + .seconds(600) && soon <= .now + .seconds(600))
        #expect(try ValueParser<Timestamp>.timeOrDuration.parse("2030-01-01T00:00:00Z") == Timestamp(seconds: 1_893_456_000))
        for (text, seconds) in [("90", 90.0), ("90s", 90), ("1.5m", 90), ("2h", 7_200), ("1d", 86_400), ("0", 0)] {
            #expect(try ValueParser<Duration>.duration.parse(text) == .seconds(seconds))
        }
        for text in ["", "-1", "1w", "s", "1 h", "nan", "inf", "1e400"] {
            #expect(throws: InvalidValue.self, "\(text)") { try ValueParser<Duration>.duration.parse(text) }
        }
    }
}
