import CeleryCore
import Testing

@testable import Commands

@Suite struct WorkerListTests {
    @Test(arguments: [
        (59.9, "59s"), (60, "1m0s"), (3_601, "1h0m"), (90_000, "1d1h"), (-5, "0s"), (1e300, "11574d1h"), (-1e300, "0s"), (.nan, "0s"),
    ] as [(Double, String)])
    func `an age is short, whatever a worker says of its beginning`(_ seconds: Double, _ text: String) {
        let now = Timestamp(seconds: 1e9)
        #expect(WorkerList.age(Timestamp(seconds: now.seconds - seconds), now) == text)
    }
}
