import Fixtures
import CeleryCore
import Testing

@testable import Schedules

@Suite struct IntervalTests {
    private func at(_ seconds: Double) -> Timestamp { Timestamp(seconds: seconds) }

    @Test func `is due at multiples of the period since the epoch`() throws {
        let interval = try Interval(every: .seconds(30))
        #expect(interval.next(after: at(0)) == at(30))
        #expect(interval.next(after: at(29.9)) == at(30))
        #expect(interval.next(after: at(30)) == at(60))
        #expect(interval.next(after: at(-1)) == at(0))
        #expect(interval.last(through: at(30)) == at(30))
        #expect(interval.last(through: at(29.999)) == at(0))
        #expect(interval.last(through: at(-1)) == at(-30))
    }

    @Test func `keeps the phase of its start`() throws {
        let interval = try Interval(every: .seconds(3_600), startingAt: at(1_700_000_000))
        #expect(interval.phase == .seconds(1_700_000_000 % 3_600))
        #expect(interval.next(after: at(1_700_000_000)) == at(1_700_003_600))
        #expect(interval.last(through: at(1_700_000_000)) == at(1_700_000_000))
        #expect(try Interval(every: .seconds(60), phase: .seconds(-5)) == Interval(every: .seconds(60), phase: .seconds(55)))
    }

    @Test func `does not drift, and answers later than asked, with fractions`() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2_000 {
            let interval = try Interval(
                every: .milliseconds(Int.random(in: 1_000...100_000, using: &generator)),
                phase: .milliseconds(Int.random(in: 0...100_000, using: &generator)))
            var time = at(Double.random(in: -1e9...4e9, using: &generator))
            let first = try #require(interval.next(after: time))
            #expect(first > time)
            #expect(first.seconds - time.seconds <= interval.period.inSeconds + 1e-6)
            time = first
            for count in 1...20 {
                time = try #require(interval.next(after: time))
                #expect(abs(time.seconds - first.seconds - Double(count) * interval.period.inSeconds) < 1e-5)
                #expect(interval.last(through: time) == time)
            }
        }
    }

    @Test func `refuses what is too short, too long or too fine`() {
        func message(_ make: () throws(ScheduleError) -> Interval) -> String? {
            do throws(ScheduleError) { _ = try make(); return nil } catch { return error.description }
        }
        #expect(message { () throws(ScheduleError) in try Interval(every: .milliseconds(500)) } == "an interval of 0.5s is too short; the shortest is 1s")
        #expect(message { () throws(ScheduleError) in try Interval(every: .zero) } == "an interval of 0s is too short; the shortest is 1s")
        #expect(message { () throws(ScheduleError) in try Interval(every: .seconds(-5)) } == "an interval of -5s is too short; the shortest is 1s")
        #expect(message { () throws(ScheduleError) in try Interval(every: .seconds(Int64.max)) } == "the period of an interval is longer than 1,000 years")
        #expect(message { () throws(ScheduleError) in try Interval(every: .microseconds(1_000_500)) }
            == "the period of an interval is 1.0005 s; the resolution is one millisecond")
        #expect(message { () throws(ScheduleError) in try Interval(every: .seconds(1), startingAt: at(.nan)) } == "an interval cannot start at nan")
        #expect(message { () throws(ScheduleError) in try Interval(every: .seconds(1.1)) } == nil)
    }

    @Test func `has no runs beyond the calendar`() throws {
        let interval = try Interval(every: .seconds(86_400))
        #expect(interval.next(after: at(.nan)) == nil)
        #expect(interval.next(after: at(.infinity)) == nil)
        #expect(interval.next(after: at(1e30)) == nil)
        #expect(interval.next(after: at(-.infinity)) == at(-62_135_596_800))
        #expect(interval.last(through: at(-1e30)) == nil)
        #expect(interval.last(through: at(1e30)) != nil)
    }

    @Test(arguments: [
        ("every 30s", "every 30s"), ("30s", "every 30s"), ("90", "every 90s"), ("@every 1.5h", "every 90m"), ("EVERY 1d phase 6h", "every 1d phase 6h"),
        ("every 1.5s", "every 1.5s"), ("every 120s", "every 2m"), ("every 1d phase 30h", "every 1d phase 6h"), ("every 1.25s phase 0.5s", "every 1.25s phase 0.5s"),
    ])
    func `reads and writes text`(_ text: String, _ canonical: String) throws {
        let interval = try Interval(text)
        #expect(interval.description == canonical)
        #expect(try Interval(canonical) == interval)
    }

    @Test(arguments: [
        ("every", "'every' is not an interval; write for instance 'every 30s', or 'every 1d phase 6h'"),
        ("every 5 minutes", "'every 5 minutes' is not an interval; write for instance 'every 30s', or 'every 1d phase 6h'"),
        ("every soon", "'soon' is not a length of time; write for instance 90s, 10m, 1.5h or 1d"),
        ("every 0.2s", "an interval of 0.2s is too short; the shortest is 1s"),
    ])
    func `says what is wrong with a text`(_ text: String, _ message: String) {
        let error = #expect(throws: ScheduleError.self) { try Interval(text) }
        #expect(error?.description == message)
    }
}
