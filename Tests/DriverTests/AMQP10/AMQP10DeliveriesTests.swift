import CeleryCore
import Fixtures
import Proton
import Testing

@testable import Brokers

/// What a worker holds of an AMQP 1.0 server.
@Suite struct AMQP10DeliveriesTests {
    private func deliveries() -> AMQP10Deliveries {
        var state = AMQP10Deliveries(queues: ["q"])
        let rabbit = ProtonServer(properties: .map([.init(.symbol("product"), .string("RabbitMQ")), .init(.symbol("version"), .string("3.10.8"))]))
        _ = state.begin(rabbit, generation: 1) { ProtonNode([$0]) }
        return state
    }

    private func entry(_ number: Int64, delivery: Int64?, heldFor time: Duration = .zero) -> AMQP10Deliveries.Entry {
        var message = Message("a")
        message.eta = .now + .seconds(3_600)
        var entry = AMQP10Deliveries.Entry(
            AMQP10Deliveries.Arrived(message: ProtonMessage(), queue: "q", delivery: delivery), number: number, message: message,
            count: .init(attempt: 1, returns: 0))
        entry.since = .now - time
        return entry
    }

    @Test func `what is held for too long is taken out, and the rest stays, also while time goes on`() {
        var state = deliveries()
        let total = 5_000
        // Some become overdue while they are looked at.
        for number in 0..<total { state.book.schedule(entry(Int64(number), delivery: 1, heldFor: .seconds(600) - .microseconds(number))) }
        var taken: Set<Int64> = []
        while taken.count < total, taken.count + state.count == total { taken.formUnion(state.popOverdue().map(\.number)) }
        #expect(taken.count == total)
    }

    @Test func `what the server has forgotten outlives its connection, and all else does not`() {
        var state = deliveries()
        let (known, forgotten) = (entry(1, delivery: 7), entry(2, delivery: nil))
        let handles = [known, forgotten].map { state.book.hand($0).handle }
        for number in [3, 4] as [Int64] { state.book.schedule(entry(number, delivery: number == 3 ? 9 : nil)) }
        state.reset()
        #expect(state.held(handles[0]) == nil && state.held(handles[1])?.number == 2)
        #expect(state.count == 2)
        let left = state.popForgotten()
        #expect(left.entries.map(\.number) == [2, 4] && left.unread.isEmpty)
        #expect(state.count == 0 && state.release(handles[1]) == nil)
    }
}
