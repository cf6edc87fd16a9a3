import CeleryCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct SetOnceTests {
    @Test func `everybody who waits gets the first value, whenever they come`() async {
        let number = SetOnce<Int>()
        let waiters = (0..<50).map { _ in Task { await number.value() } }
        #expect(!number.isSet)
        await Task.yield()
        #expect(number.set(1))
        #expect(!number.set(2))
        #expect(number.isSet)
        for waiter in waiters { #expect(await waiter.value == 1) }
        #expect(await number.value() == 1)
    }

    @Test func `nothing is a value too`() async {
        let reason = SetOnce<String?>()
        #expect(reason.set(nil))
        #expect(!reason.set("late"))
        #expect(await reason.value() == nil)
    }
}
