import Fixtures
import Testing

@testable import CeleryCore

@Suite struct TokenTimeTests {
    private func at(_ seconds: Double) -> Timestamp { Timestamp(seconds: 1e9 + seconds) }

    @Test func `lets one begin, and the next an interval later`() {
        var bucket = TokenTime(interval: 10)
        #expect([0, 9.9, 10, 10].map { bucket.take(now: at($0)) } == [true, false, true, false])
        #expect(bucket.time(now: at(10)) > at(19.9))
    }

    @Test(arguments: [0.001, 0.01, 0.3, 5.0])
    func `never gives more than the rate and a moment's worth, and no less when asked often`(_ interval: Double) {
        var generator = SeededGenerator(seed: 7)
        var bucket = TokenTime(interval: interval)
        var time = 0.0
        var taken: [Double] = []
        while taken.count < 500 {
            time += Double.random(in: 0...0.02, using: &generator)
            while bucket.take(now: at(time)) { taken.append(time) }
        }
        for first in taken.indices where first.isMultiple(of: 7) {
            for last in stride(from: first, to: taken.count, by: 11) {
                #expect(Double(last - first + 1) <= (taken[last] - taken[first] + 0.051) / interval + 1.001)
            }
        }
        #expect(taken.last! < 500 * interval + 1)
    }

    @Test func `what was not used is not saved up`() {
        var bucket = TokenTime(interval: 1)
        #expect([0, 1_000, 1_000.5].map { bucket.take(now: at($0)) } == [true, true, false])
    }

    @Test func `a clock that is set back does not stop it`() {
        var bucket = TokenTime(interval: 1)
        #expect([100_000, 0, 0.5].map { bucket.take(now: at($0)) } == [true, true, false])
    }

    @Test func `another rate counts from the last beginning`() {
        var bucket = TokenTime(interval: 3_600)
        let first = bucket.take(now: at(0))
        bucket.change(to: 1)
        #expect([first] + [10, 10.5].map { bucket.take(now: at($0)) } == [true, true, false])
    }
}
