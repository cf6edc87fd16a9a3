import CeleryCore
import Fixtures
import Testing

@Suite struct ISO8601Tests {
    @Test(arguments: [
        ("2026-11-22T17:50:28.017376+00:00", 1_795_369_828.017376, false), ("2030-01-02T03:04:05+02:00", 1_893_546_245, false),
        ("2030-01-02T03:04:05.678000", 1_893_553_445.678, true), ("2026-11-22 17:39:50.911620", 1_795_369_190.91162, true),
        ("2020-01-02T03:04:05Z", 1_577_934_245, false), ("2020-01-02T03:04:05z", 1_577_934_245, false),
        ("2020-01-02t03:04:05-0130", 1_577_939_645, false), ("2020-01-02T03:04:05+01", 1_577_930_645, false),
        ("2020-01-02T03:04", 1_577_934_240, true), ("2020-01-02", 1_577_923_200, true), ("1970-01-01T00:00:00,5Z", 0.5, false),
        ("2000-02-29", 951_782_400, true), ("1969-12-31T23:59:59.25Z", -0.75, false),
        ("2020-01-01T00:00:00.123456789123Z", 1_577_836_800.123456789, false), ("0001-01-01", -62_135_596_800, true),
        ("9999-12-31T23:59:59Z", 253_402_300_799, false), ("2020-01-02T03:04:05+05:53:28", 1_577_913_037, false),
    ])
    func `reads every form`(text: String, seconds: Double, wasNaive: Bool) throws {
        let reading = try #require(ISO8601.read(text))
        #expect(abs(reading.time.seconds - seconds) < 1e-6)
        #expect(reading.wasNaive == wasNaive)
    }

    @Test(arguments: [
        "", "now", "2020", "2020-01", "2020-13-01", "2020-00-10", "2020-02-30", "2019-02-29", "1900-02-29", "2020-01-00",
        "2020-04-31", "0000-01-01", "2020-01-01T", "2020-01-01T24:00", "2020-01-01T12:60", "2020-01-01T12:00:60",
        "2020-01-01T12:00:00.", "2020-01-01T12", "2020-01-01T12:00:00+24:00", "2020-01-01T12:00:00+02:60",
        "2020-01-01T12:00:00+2", "2020-01-01T12:00:00 Z", "2020-01-01Z", "2020-1-1", "20200101", " 2020-01-01",
        "2020-01-01T12:00:00ZZ", "２０２０-01-01", "2020-01-01T12:00:00+0", "-2020-01-01", "2020-01-01T1:00",
        "2020-01-01X12:00", "2020-01-01T12:00:00.5.5", "1577934245",
    ])
    func `refuses everything else`(text: String) {
        #expect(ISO8601.read(text) == nil)
    }

    @Test func `writes as SQLAlchemy does, always as long`() {
        #expect(ISO8601.databaseText(Timestamp(seconds: 1_795_369_828.017376)) == "2026-11-22 17:50:28.017376")
        #expect(ISO8601.databaseText(Timestamp(seconds: 1_577_934_245)) == "2020-01-02 03:04:05.000000")
        #expect(ISO8601.databaseText(Timestamp(seconds: .infinity)) == "9999-12-31 23:59:59.000000")
        #expect(ISO8601.timestamp("2020-01-02 03:04:05.000000") == Timestamp(seconds: 1_577_934_245))
    }

    @Test func `writes as Python's isoformat in UTC`() {
        #expect(ISO8601.text(Timestamp(seconds: 1_795_369_828.017376)) == "2026-11-22T17:50:28.017376+00:00")
        #expect(ISO8601.text(Timestamp(seconds: 1_577_934_245)) == "2020-01-02T03:04:05+00:00")
        #expect(ISO8601.text(Timestamp(seconds: -0.75)) == "1969-12-31T23:59:59.250000+00:00")
        #expect(ISO8601.text(Timestamp(seconds: 0.9999999)) == "1970-01-01T00:00:01+00:00")
    }

    @Test func `writes something for every number`() {
        #expect(ISO8601.text(Timestamp(seconds: .infinity)) == "9999-12-31T23:59:59+00:00")
        #expect(ISO8601.text(Timestamp(seconds: -1e300)) == "0001-01-01T00:00:00+00:00")
        #expect(ISO8601.text(Timestamp(seconds: .nan)) == "1970-01-01T00:00:00+00:00")
    }

    @Test func `reads back what it wrote, to the microsecond`() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            // A double tells microseconds apart from 1698 to 2242.
            let seconds = Double(Int.random(in: -8_500_000_000_000_000...8_500_000_000_000_000, using: &random)) / 1_000_000
            let text = ISO8601.text(Timestamp(seconds: seconds))
            let read = try #require(ISO8601.timestamp(text))
            #expect(ISO8601.text(read) == text)
            #expect(abs(read.seconds - seconds) < 1e-6)
        }
    }

    @Test func `agrees with Python about the calendar`() throws {
        var random = SeededGenerator(seed: 12)
        let seconds = (0..<3_000).map { _ in Int.random(in: -62_135_596_800...253_402_300_799, using: &random) }
        let script = """
            import sys
            from datetime import datetime, timedelta, timezone
            for line in sys.stdin:
                print((datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=int(line))).isoformat())
            """
        let lines = try Python.lines(script, input: Array(seconds.map(String.init).joined(separator: "\n").utf8))
        #expect(lines == seconds.map { ISO8601.text(Timestamp(seconds: Double($0))) })
        #expect(lines.map { ISO8601.timestamp($0)?.seconds } == seconds.map(Double.init))
    }

    @Test func `reads naive times in the zone of the machine`() throws {
        let script = """
            import time
            print(int(time.mktime((2020, 7, 1, 12, 0, 0, 0, 0, -1))))
            """
        let expected = try #require(try Python.lines(script).first.flatMap(Double.init))
        #expect(ISO8601.timestamp("2020-07-01T12:00:00", naiveZone: .local)?.seconds == expected)
    }
}
