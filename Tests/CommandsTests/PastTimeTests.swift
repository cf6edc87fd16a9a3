import Arguments
import CeleryCore
import Testing
@testable import Commands

@Suite struct PastTimeTests {
    @Test func `a duration is so long ago, and a clock time the last one`() throws {
        let now = Timestamp.now.seconds
        #expect(abs(try ValueParser<Timestamp>.pastTime.parse("2h").seconds - (now - 7_200)) < 5)
        for clock in ["00:00", "06:30", "23:59:59"] {
            let time = try ValueParser<Timestamp>.pastTime.parse(clock).seconds
            // A day may have 25 hours.
            #expect(time <= now + 5 && time > now - 90_001, "\(clock)")
        }
        #expect(try ValueParser<Timestamp>.pastTime.parse("2026-01-02T03:04:05Z") == Timestamp(seconds: 1_767_323_045))
        #expect(throws: InvalidValue.self) { try ValueParser<Timestamp>.pastTime.parse("never") }
    }

    @Test func `a rate is so many a second`() throws {
        #expect(try ValueParser<Double>.rate.parse("10/s") == 10)
        #expect(try ValueParser<Double>.rate.parse("90/m") == 1.5)
        #expect(try ValueParser<Double>.rate.parse("1/h") == 1.0 / 3_600)
        for odd in ["10", "10/d", "/s", "0/s", "-1/s", "inf/s", "1/s/s", ""] {
            #expect(throws: InvalidValue.self, "\(odd)") { try ValueParser<Double>.rate.parse(odd) }
        }
    }
}
