import CeleryCore
import Testing

@testable import ResultStores

@Suite struct PollPaceTests {
    @Test func `who has waited long looks seldom, and who begins looks soon`() {
        let pace = PollPace()
        let start = ContinuousClock.now + .seconds(10)
        #expect(pace.pause(at: start) == .milliseconds(20))
        #expect(pace.pause(at: start + .milliseconds(20)) == .milliseconds(20))
        #expect(pace.pause(at: start + .seconds(1)) == .milliseconds(100))
        #expect(pace.pause(at: start + .seconds(2)) == .milliseconds(200))
        for second in 3...60 { _ = pace.pause(at: start + .seconds(second)) }
        #expect(pace.pause(at: start + .seconds(61)) == .milliseconds(500))
        #expect(pace.pause(at: start + .seconds(64)) == .milliseconds(20))
    }
}
