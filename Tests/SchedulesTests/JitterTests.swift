import CeleryCore
import Testing

@testable import Schedules

@Suite struct JitterTests {
    // The numbers were computed apart, in Python.
    @Test func `is the same in every process and version`() {
        let jitter = Jitter(upTo: .seconds(60))
        #expect(jitter.delay(entry: "backup", due: Timestamp(seconds: 1_767_225_600)) == .microseconds(20_283_758))
        #expect(Jitter.hash("", Timestamp(seconds: 0)) == 0xFFB6_EEC3_623E_EE72)
    }

    @Test func `is from zero to below the maximum, and differs`() {
        let jitter = Jitter(upTo: .seconds(10))
        var seen: Set<Duration> = []
        var sum = 0.0
        for number in 0..<1_000 {
            let delay = jitter.delay(entry: "entry \(number % 10)", due: Timestamp(seconds: Double(number / 10) * 60))
            #expect(delay >= .zero && delay < .seconds(10))
            seen.insert(delay)
            sum += delay.inSeconds
        }
        #expect(seen.count > 990)
        #expect(abs(sum / 1_000 - 5) < 0.5)
    }

    @Test func `none is none`() {
        let due = Timestamp(seconds: 5)
        #expect(Jitter(upTo: .zero).delay(entry: "a", due: due) == .zero)
        #expect(Jitter(upTo: .seconds(-1)).delay(entry: "a", due: due) == .zero)
        #expect(Jitter(upTo: .seconds(1)).delay(entry: "a", due: Timestamp(seconds: .nan)) == .zero)
        #expect(Jitter(upTo: .seconds(1)).delay(entry: "a", due: Timestamp(seconds: 1e300)) < .seconds(1))
    }
}
