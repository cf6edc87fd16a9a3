import Fixtures
import Glibc
import Testing

@testable import CeleryCore

@Suite struct DurationHistogramTests {
    @Test(arguments: [UInt64(1), 2, 3, 4])
    func `percentiles are within 2 percent of the exact ones`(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        // Over nine powers of ten.
        let lengths = (0..<2_000).map { _ in pow(10, Double.random(in: -5.9...4, using: &generator)) }
        var histogram = DurationHistogram()
        for length in lengths { histogram.note(length) }
        let sorted = lengths.sorted()
        for part in [0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 1] {
            let exact = sorted[max(1, Int((part * 2_000).rounded(.up))) - 1]
            let found = try #require(histogram.percentile(part))
            #expect(abs(found / exact - 1) <= 0.0201, "\(part): \(found) for \(exact)")
        }
    }

    @Test func `the sum of two is the histogram of both`() {
        var (left, right, both) = (DurationHistogram(), DurationHistogram(), DurationHistogram())
        for number in 1...100 {
            let length = Double(number * number) / 100
            if number.isMultiple(of: 3) { left.note(length) } else { right.note(length) }
            both.note(length)
        }
        left.add(right)
        #expect(left == both)
        #expect(left.count == 100)
    }

    @Test func `one of nothing has no percentiles`() {
        #expect(DurationHistogram().percentile(0.5) == nil)
    }

    @Test(arguments: [0, -1, .nan, 1e-9, .infinity, 1e300])
    func `takes any length`(_ length: Double) throws {
        var histogram = DurationHistogram()
        histogram.note(length)
        #expect(histogram.count == 1)
        #expect(DurationHistogram(json: histogram.json) == histogram)
        #expect(try #require(histogram.percentile(0.99)) > 0)
    }
}
