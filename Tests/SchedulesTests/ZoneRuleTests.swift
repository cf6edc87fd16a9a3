import CeleryCore
import Testing

@testable import Schedules

@Suite struct ZoneRuleTests {
    private func offset(_ rule: String, _ time: String) throws -> Int {
        try #require(ZoneRule(rule)).span(containing: Int(Timestamp.utc(time).seconds)).offset
    }

    @Test func `summer time in the north, in the south, and in Ireland's way`() throws {
        #expect(try offset("CET-1CEST,M3.5.0,M10.5.0/3", "2050-03-27 00:59") == 3_600)
        #expect(try offset("CET-1CEST,M3.5.0,M10.5.0/3", "2050-03-27 01:00") == 7_200)
        #expect(try offset("CET-1CEST,M3.5.0,M10.5.0/3", "2050-10-30 00:59") == 7_200)
        #expect(try offset("CET-1CEST,M3.5.0,M10.5.0/3", "2050-10-30 01:00") == 3_600)
        #expect(try offset("AEST-10AEDT,M10.1.0,M4.1.0/3", "2050-01-01 00:00") == 39_600)
        #expect(try offset("AEST-10AEDT,M10.1.0,M4.1.0/3", "2050-07-01 00:00") == 36_000)
        #expect(try offset("IST-1GMT0,M10.5.0,M3.5.0/1", "2050-12-01 00:00") == 0)
        #expect(try offset("IST-1GMT0,M10.5.0,M3.5.0/1", "2050-07-01 00:00") == 3_600)
    }

    @Test func `days counted with and without leap days, and hours beyond a day`() throws {
        // J60 is 1 March in every year; 59 is 29 February in leap years and 1 March in others.
        for year in [2052, 2053] {
            #expect(try offset("AAA0BBB,J60/0,J300/0", "\(year)-02-28 23:59") == 0)
            #expect(try offset("AAA0BBB,J60/0,J300/0", "\(year)-03-01 00:00") == 3_600)
        }
        #expect(try offset("AAA0BBB,J60/0,J300/0", "2052-02-29 23:59") == 0)
        #expect(try offset("AAA0BBB,59/0,J300/0", "2052-02-29 00:00") == 3_600)
        #expect(try offset("AAA0BBB,59/0,J300/0", "2053-02-28 23:59") == 0)
        #expect(try offset("AAA0BBB,59/0,J300/0", "2053-03-01 00:00") == 3_600)
        // Greenland's rule: an hour before Sunday begins; and Israel's: two hours into the Friday after a Thursday.
        #expect(try offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2050-03-27 00:59") == -7_200)
        #expect(try offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2050-03-27 01:00") == -3_600)
        #expect(try offset("IST-2IDT,M3.4.4/26,M10.5.0", "2050-03-25 00:00") == 10_800)
        #expect(try offset("IST-2IDT,M3.4.4/26,M10.5.0", "2050-03-24 23:59") == 7_200)
    }

    @Test func `summer time that never ends`() throws {
        let rule = try #require(ZoneRule("EST5EDT,0/0,J365/25"))
        for month in 1...12 {
            #expect(try offset("EST5EDT,0/0,J365/25", "2050-\(month)-01 04:59") == -14_400)
            #expect(try offset("EST5EDT,0/0,J365/25", "2050-\(month)-01 05:01") == -14_400)
        }
        #expect(rule.summer != nil)
    }

    @Test(arguments: [
        "", "A", "AB5", "CET", "CET-25", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1CEST,J0,J10", "CET-1CEST,J366,J10", "CET-1CEST,366,10", "<CET-1", "<>-1", "CET-1:60", "CET-1 ", "CET-1CEST,M3.5.0,M10.5.0x",
        "CET--1", "CET-9999", "CET-1CEST;M3.5.0;M10.5.0",
    ])
    func `refuses what is no rule`(_ text: String) { #expect(ZoneRule(text) == nil) }
}
