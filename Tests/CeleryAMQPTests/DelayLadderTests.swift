import CeleryAMQP
import Testing

@Suite struct DelayLadderTests {
    @Test func `spells delays as kombu does`() {
        // kombu.transport.native_delayed_delivery.calculate_routing_key
        func key(_ seconds: Int, _ queue: String) -> String {
            String(String(repeating: "0", count: 28) + String(seconds, radix: 2)).suffix(28).map { "\($0)." }.joined() + queue
        }
        for seconds in [1, 2, 3, 59, 60, 3_600, 86_399, 1 << 27, 1 << 28 - 1] {
            #expect(DelayLadder.routingKey(seconds: seconds, queue: "a.b") == key(seconds, "a.b"))
        }
        #expect(DelayLadder.routingKey(seconds: 1 << 28, queue: "q") == key(1 << 28 - 1, "q"))
        #expect(DelayLadder.routingKey(seconds: 0, queue: "q") == nil)
        #expect(DelayLadder.routingKey(seconds: -5, queue: "q") == nil)
        for queue in ["*", "a.#", "#.b", "*.*", String(repeating: "q", count: 200)] {
            #expect(DelayLadder.routingKey(seconds: 5, queue: queue) == nil)
        }
        #expect(DelayLadder.routingKey(seconds: 5, queue: "a*b") != nil)
    }
}
