import Testing

@testable import Worker

@Suite struct ChildStartsTests {
    @Test func `a new pool fails at the fifth child that dies before it is ready`() {
        var starts = ChildStarts()
        let nexts = (1...5).map { _ in starts.diedEarly(hasOthers: false) }
        #expect(nexts == [.startNow, .startNow, .startNow, .startNow, .fail])
    }

    @Test func `a pool that has worked fails only when none has been ready for minutes`() {
        var starts = ChildStarts()
        let start = ContinuousClock.now
        starts.wasReady()
        for second in 0..<100 { #expect(starts.diedEarly(hasOthers: false, now: start + .seconds(second)) == .startLater) }
        #expect(starts.diedEarly(hasOthers: true, now: start + .seconds(400)) == .startLater)
        #expect(starts.diedEarly(hasOthers: false, now: start + .seconds(400)) == .fail)
        starts.wasReady()
        #expect(starts.diedEarly(hasOthers: false, now: start + .seconds(500)) == .startLater)
    }

    @Test func `the pauses grow, and are short again after one was ready`() {
        var starts = ChildStarts()
        starts.wasReady()
        #expect(starts.pause() <= .seconds(1))
        for _ in 0..<10 { _ = starts.pause() }
        #expect(starts.pause() >= .seconds(15))
        starts.wasReady()
        #expect(starts.pause() <= .seconds(1))
    }
}
