import Testing

@testable import CeleryCore

@Suite struct BackoffTests {
    @Test func `waits longer each time, up to a bound, never the same`() {
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
        let waits = (0..<100).map { _ in backoff.next().inSeconds }
        for (number, wait) in waits.enumerated() {
            let full = min(5, 0.1 * Double(1 << min(number, 20)))
            #expect(wait >= full / 2 && wait <= full)
        }
        #expect(Set(waits).count > 90)
        backoff.reset()
        #expect(backoff.next() <= .milliseconds(100))
    }
}
