import CeleryCore
import Testing

@Suite struct DeathReasonTests {
    @Test func `is read as it was written down`() {
        for reason in [.signal(9), .outOfMemory, .lost, .unregistered, .unreadable, .other("delivery_limit")] as [DeathReason] {
            #expect(DeathReason(name: reason.name) == reason)
        }
        for odd in ["signal", "signal x", "signal 9 9", ""] { #expect(DeathReason(name: odd) == .other(odd)) }
    }

    @Test func `signal means every signal`() {
        #expect(DeathReason.signal(9).answers(to: "signal"))
        #expect(DeathReason.signal(9).answers(to: "signal 9"))
        #expect(!DeathReason.signal(11).answers(to: "signal 1"))
        #expect(!DeathReason.lost.answers(to: "signal"))
        #expect(DeathReason.other("maxlen").answers(to: "maxlen"))
    }
}
