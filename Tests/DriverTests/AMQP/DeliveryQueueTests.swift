import CeleryCore
import Testing
import Wire

@testable import Brokers
@testable import RabbitMQ

/// What a subscription holds, and how much it asks for.
@Suite struct DeliveryQueueTests {
    private func delivery(_ tag: UInt64) -> IncomingDelivery {
        IncomingDelivery(
            channel: 1, consumer: "1.0", tag: tag, isRedelivered: false, message: WireMessage(routingKey: "celery", body: []))
    }

    private func scheduled(_ delivery: IncomingDelivery) -> DeliveryQueue.Entry {
        .init(delivery, number: Int64(delivery.tag), message: Message("a"), count: .init(attempt: 1, returns: 0))
    }

    private func queue(of count: Int) -> DeliveryQueue {
        var queue = DeliveryQueue()
        for tag in 1...UInt64(count) { queue.add(delivery(tag)) }
        return queue
    }

    @Test func `counts what it holds wherever it is, until the server is told`() {
        var queue = queue(of: 4)
        _ = queue.book.hand(scheduled(queue.popArrived()!))
        queue.book.schedule(scheduled(queue.popArrived()!))
        // On its way to the ladder, however long that takes.
        _ = queue.popArrived()!
        queue.book.setAside()
        #expect(queue.heldCount == 4)
        _ = queue.settle([3])
        let isOurs = queue.book.endAside(1, scheduling: [], generation: queue.generation)
        #expect(isOurs)
        #expect(queue.heldCount == 3)
    }

    @Test func `wants what the worker has and has room for, and what waits for its time`() {
        var queue = queue(of: 3)
        _ = queue.book.hand(scheduled(queue.popArrived()!))
        queue.book.schedule(scheduled(queue.popArrived()!))
        _ = queue.popArrived()
        queue.book.setAside()
        // A little less is not worth a call.
        #expect([5, 4, 3, 0].map { queue.want($0) ? queue.wanted : 0 } == [8, 0, 0, 3])
    }

    @Test func `never wants more than a prefetch count can say`() {
        var queue = queue(of: 1)
        #expect([1_000_000, 2_000_000].map { queue.want($0) ? queue.wanted : 0 } == [65_535, 0])
    }

    @Test func `gives back what nobody has looked at, the newest first`() {
        var queue = queue(of: 6)
        _ = queue.want(6)
        _ = queue.book.hand(scheduled(queue.popArrived()!))
        let nothing = queue.popSurplus { _ in true }
        _ = queue.want(1)
        let surplus = queue.popSurplus { $0.tag != 5 }
        #expect(nothing == [] && queue.wanted == 2 && surplus == [6, 4, 3, 2])
        _ = queue.settle(surplus)
        let rest = (queue.popSurplus { _ in true }, queue.popArrived()?.tag)
        #expect(rest == ([], 5))
    }
}
