import CeleryCore
import Fixtures
import Synchronization
import Testing

@Suite struct AlarmClockTests {
    @Test func `rings at each time, whatever the order in which the alarms were set`() async {
        let clock = AlarmClock()
        let start = ContinuousClock.now
        let rung = Mutex<[Int]>([])
        let bell = Bell()
        for delay in [60, 20, 40, 80, 10] {
            _ = clock.set(at: start + .milliseconds(delay)) {
                #expect(ContinuousClock.now - start >= .milliseconds(delay))
                rung.withLock { $0.append(delay) }
                bell.ring()
            }
        }
        while bell.count < 5 { await bell.wait(since: bell.count, until: .now + .seconds(1)) }
        #expect(Set(rung.withLock { $0 }) == [10, 20, 40, 60, 80])
    }

    @Test func `a cancelled alarm does not ring, and those after it do`() async {
        let clock = AlarmClock()
        let rung = Mutex<[String]>([])
        let bell = Bell()
        let cancelled = clock.set(at: .now + .milliseconds(20)) { rung.withLock { $0.append("cancelled") } }
        _ = clock.set(at: .now + .milliseconds(40)) {
            rung.withLock { $0.append("rung") }
            bell.ring()
        }
        clock.cancel(cancelled)
        await bell.wait(since: 0, until: nil)
        #expect(rung.withLock { $0 } == ["rung"])
    }

    @Test func `works again after it had nothing to do`() async {
        let clock = AlarmClock()
        for _ in 0..<3 {
            let bell = Bell()
            _ = clock.set(at: .now) { bell.ring() }
            await bell.wait(since: 0, until: nil)
        }
    }

    @Test func `a thousand alarms at once all ring`() async {
        let clock = AlarmClock()
        let bell = Bell()
        for number in 0..<1_000 { _ = clock.set(at: .now + .milliseconds(number % 50)) { bell.ring() } }
        while bell.count < 1_000 { await bell.wait(since: bell.count, until: .now + .seconds(1)) }
        #expect(bell.count == 1_000)
    }
}
