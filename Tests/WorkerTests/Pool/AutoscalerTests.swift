import CeleryCore
import Fixtures
import Testing

@testable import Worker

@Suite struct AutoscalerTests {
    private let start = ContinuousClock.now
    private var scaler = Autoscaler(range: AutoscaleRange(most: 10, least: 2), keepalive: .seconds(30))

    @Test func `grows at once by what waits, and no further than it may`() {
        var scaler = scaler
        #expect(scaler.target(size: 2, busy: 2, waiting: 3, now: start) == 5)
        #expect(scaler.target(size: 5, busy: 5, waiting: 900, now: start) == 10)
        #expect(scaler.target(size: 10, busy: 10, waiting: 900, now: start) == 10)
    }

    @Test func `grows by as many again, where what waits may not all begin`() {
        var scaler = scaler
        #expect(scaler.target(size: 2, busy: 2, waiting: 900, isCertain: false, now: start) == 4)
        #expect(scaler.target(size: 4, busy: 3, waiting: 900, isCertain: false, now: start) == 4)
        #expect(scaler.target(size: 4, busy: 4, waiting: 1, isCertain: false, now: start) == 5)
        #expect(scaler.target(size: 8, busy: 8, waiting: 900, isCertain: false, now: start) == 10)
    }

    @Test func `does not grow while a child has nothing to do`() {
        var scaler = scaler
        #expect(scaler.target(size: 4, busy: 3, waiting: 900, now: start) == 4)
    }

    @Test func `shrinks after the time of nothing to do, to as many as were busy meanwhile`() {
        var scaler = scaler
        #expect(scaler.target(size: 8, busy: 1, waiting: 0, now: start) == 8)
        #expect(scaler.target(size: 8, busy: 5, waiting: 0, now: start + .seconds(10)) == 8)
        #expect(scaler.target(size: 8, busy: 1, waiting: 0, now: start + .seconds(29)) == 8)
        #expect(scaler.target(size: 8, busy: 1, waiting: 0, now: start + .seconds(30)) == 5)
        // And then again, never below the least.
        #expect(scaler.target(size: 5, busy: 0, waiting: 0, now: start + .seconds(59)) == 5)
        #expect(scaler.target(size: 5, busy: 0, waiting: 0, now: start + .seconds(60)) == 2)
        #expect(scaler.target(size: 2, busy: 0, waiting: 0, now: start + .seconds(120)) == 2)
    }

    @Test func `a moment in which all are busy begins the time anew`() {
        var scaler = scaler
        #expect(scaler.target(size: 4, busy: 1, waiting: 0, now: start) == 4)
        #expect(scaler.target(size: 4, busy: 4, waiting: 0, now: start + .seconds(29)) == 4)
        #expect(scaler.target(size: 4, busy: 1, waiting: 0, now: start + .seconds(31)) == 4)
        #expect(scaler.target(size: 4, busy: 1, waiting: 0, now: start + .seconds(60)) == 4)
        #expect(scaler.target(size: 4, busy: 1, waiting: 0, now: start + .seconds(61)) == 2)
    }

    @Test func `keeps to new bounds, and refuses those that make no sense`() throws {
        var scaler = scaler
        try scaler.update(most: 3, least: nil)
        #expect(scaler.target(size: 9, busy: 9, waiting: 9, now: start) == 3)
        try scaler.update(most: 6, least: 5)
        #expect(scaler.target(size: 3, busy: 0, waiting: 0, now: start) == 5)
        for (most, least) in [(0, nil), (4, nil), (nil, 7), (nil, 0), (2_000, nil), (Int.max, Int.min)] as [(Int?, Int?)] {
            #expect(throws: ControlError.self) { try scaler.update(most: most, least: least) }
        }
        #expect(scaler.range == AutoscaleRange(most: 6, least: 5))
    }

    @Test func `any numbers keep within the bounds`() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let least = Int.random(in: 1...20, using: &generator)
            var scaler = Autoscaler(
                range: AutoscaleRange(most: least + Int.random(in: 0...20, using: &generator), least: least),
                keepalive: .seconds(Int.random(in: 0...5, using: &generator)))
            var (now, size) = (start, scaler.range.least)
            for _ in 0..<100 {
                now += .milliseconds(Int.random(in: -100...3_000, using: &generator))
                let busy = Int.random(in: 0...50, using: &generator)
                let target = scaler.target(size: size, busy: busy, waiting: Int.random(in: 0...50, using: &generator), now: now)
                #expect(scaler.range.least <= target && target <= scaler.range.most)
                // None that is busy goes.
                #expect(target >= min(busy, size))
                size = target
            }
        }
    }
}
