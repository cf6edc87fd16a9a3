import CeleryCore
import Fixtures
import STOMP
import Testing

@testable import Brokers

/// How the number of subscriptions follows a worker's demand.
@Suite struct STOMPDeliveriesTests {
    private func deliveries(at server: String = "ActiveMQ/5.17.2", wanting space: Int, of queues: [String] = ["q"]) -> STOMPDeliveries {
        var state = STOMPDeliveries(queues: queues)
        state.begin(STOMPServer(header: server), generation: 1)
        _ = state.want(space)
        return state
    }

    private func add(_ state: inout STOMPDeliveries, _ subscription: String, _ ackID: String) {
        state.add(STOMPFrame("MESSAGE", [STOMPFrame.Header("subscription", subscription), STOMPFrame.Header("ack", ackID)]))
    }

    private func hand(_ state: inout STOMPDeliveries) -> DeliveryHandle? {
        guard let arrived = state.popArrived() else { return nil }
        return state.book.hand(read(arrived, state.book.nextNumber())).handle
    }

    private func read(_ arrived: STOMPDeliveries.Arrived, _ number: Int64) -> STOMPDeliveries.Entry {
        STOMPDeliveries.Entry(arrived, number: number, message: Message("a"), count: .init(attempt: 1, returns: 0))
    }

    @Test func `each queue gets as much as the worker can take, in parts`() {
        let state = deliveries(wanting: 20, of: ["a", "b"])
        for queue in ["a", "b"] {
            let sizes = state.subscriptions.values.filter { $0.queue == queue }.map(\.size)
            #expect(sizes.reduce(0, +) == 20 && sizes.allSatisfy { $0 <= 3 })
        }
    }

    @Test func `no subscription is larger than what ActiveMQ loads at a time`() {
        #expect(deliveries(wanting: 2_000).subscriptions.values.map(\.size) == Array(repeating: 100, count: 20))
        #expect(deliveries(at: "RabbitMQ/3.10.8", wanting: 2_000).subscriptions.count == 8)
    }

    @Test func `a fixed demand makes no new subscriptions while messages come and go`() throws {
        var state = deliveries(wanting: 8)
        for id in state.subscriptions.keys.sorted() { add(&state, id, "a-\(id)") }
        var handles: [DeliveryHandle] = []
        while let handle = hand(&state) { handles.append(handle) }
        #expect(handles.count == 8)
        #expect(state.want(0).new.isEmpty)
        #expect(state.release(handles[0]) != nil)
        #expect(state.want(1).new.isEmpty)
        #expect(state.want(5).new.map(\.size).reduce(0, +) == 4)
    }

    @Test func `a subscription that is leaving ends with its last message, and what was not read is the server's`() throws {
        var state = deliveries(wanting: 2)
        let ids = state.subscriptions.keys.sorted()
        #expect(ids.count == 2)
        add(&state, ids[0], "1")
        let handle = try #require(hand(&state))
        add(&state, ids[1], "2")
        #expect(state.endPushing() == [ids[1]])
        #expect(state.arrived.isEmpty)
        #expect(state.release(handle) != nil)
        #expect(state.end([ids[0]]) == [ids[0]])
        add(&state, ids[0], "3")
        #expect(state.arrived.isEmpty)
        #expect(state.want(10).new.isEmpty)
    }

    @Test func `what comes by a subscription that cannot end yet is the worker's to give back`() throws {
        var state = deliveries(wanting: 20)
        let id = try #require(state.subscriptions.values.first { $0.size > 1 }?.id)
        add(&state, id, "1")
        add(&state, id, "2")
        let handle = try #require(hand(&state))
        #expect(!state.endPushing().contains(id))
        add(&state, id, "3")
        // What cannot be read stays as it is, and is looked at again.
        for _ in 1...2 {
            let unreadable = state.handStranded { arrived, number in
                STOMPDeliveries.Entry(
                    arrived, number: number, message: Message("a"), count: .init(attempt: 1, returns: 0), defect: Delivery.Defect("no JSON", hasID: false))
            }
            #expect(unreadable.isEmpty)
        }
        let handles = state.handStranded(read)
        #expect(handles.map { state.held($0)?.arrived.ackID } == ["2", "3"])
        #expect(state.handStranded(read).isEmpty)
        #expect(state.release(handle) != nil)
        // Two are still with the worker.
        #expect(state.end([id]).isEmpty)
        #expect(state.end([id, id]) == [id])
    }

    @Test func `RabbitMQ's subscriptions end with their connection`() throws {
        var state = deliveries(at: "RabbitMQ/3.10.8", wanting: 2)
        add(&state, state.subscriptions.keys.sorted()[0], "1")
        #expect(state.endPushing().isEmpty)
        #expect(state.popUnread().map(\.ackID) == ["1"])
    }

    @Test func `what returned often stays with a worker that is ending, for a quorum queue counts`() throws {
        var state = deliveries(at: "RabbitMQ/4.0.2", wanting: 2)
        let id = state.subscriptions.keys.sorted()[0]
        for count in [1, 2, 3, 4] {
            state.add(
                STOMPFrame(
                    "MESSAGE",
                    [
                        STOMPFrame.Header("subscription", id), STOMPFrame.Header("ack", "\(count)"), STOMPFrame.Header("redelivered", "true"),
                        STOMPFrame.Header("x-delivery-count", "\(count)"),
                    ]))
        }
        _ = state.endPushing()
        #expect(state.popUnread().map(\.ackID) == ["1", "2"])
        #expect(state.popUnread().isEmpty)
    }

    @Test func `nothing of a lost connection can be ended on the next`() throws {
        var state = deliveries(wanting: 1)
        add(&state, state.subscriptions.keys.sorted()[0], "1")
        let handle = try #require(hand(&state))
        state.reset()
        #expect(state.held(handle) == nil && state.release(handle) == nil)
        state.begin(STOMPServer(header: nil), generation: 2)
        #expect(state.held(handle) == nil && state.release(handle) == nil)
    }

    @Test func `what a smaller pool does not need ends, but for what the worker has of it`() throws {
        var state = deliveries(wanting: 8)
        let ids = state.subscriptions.keys.sorted()
        add(&state, ids[3], "held")
        #expect(hand(&state) != nil)
        add(&state, ids[0], "unread")
        let change = state.want(1)
        #expect(change.new.isEmpty && change.gone.count == 6 && !change.gone.contains(ids[3]))
        #expect(state.subscriptions.values.reduce(0) { $0 + $1.size } == 2)
        // A little less is not worth it.
        var other = deliveries(wanting: 8)
        #expect(other.want(7).gone.isEmpty)
    }

    @Test func `what came of a queue that is left is not taken, and is again when the worker comes back to it`() throws {
        var state = deliveries(wanting: 2, of: ["a", "b"])
        let id = try #require(state.subscriptions.values.first { $0.queue == "a" }?.id)
        add(&state, id, "1")
        #expect(hand(&state) != nil)
        let change = state.take(from: ["b"])
        #expect(!change.gone.contains(id) && state.queues == ["b"])
        add(&state, id, "2")
        #expect(state.popArrived() == nil)
        _ = state.take(from: ["a", "b"])
        #expect(state.popArrived()?.ackID == "2")
    }
}
