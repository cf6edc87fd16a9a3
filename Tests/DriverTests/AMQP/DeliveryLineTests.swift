import CeleryCore
import Testing
import Wire

@testable import Brokers
@testable import RabbitMQ

/// What a subscription holds, and how much it asks for.
@Suite struct DeliveryLineTests {
    private func delivery(_ tag: UInt64) -> IncomingDelivery {
        IncomingDelivery(
            channel: 1, consumer: "1.0", tag: tag, isRedelivered: false, message: WireMessage(routingKey: "celery", body: []))
    }

    private func scheduled(_ delivery: IncomingDelivery) -> DeliveryLine.Scheduled {
        .init(eta: .now, delivery: delivery, message: Message("a"), attempt: 1)
    }

    private func line(of count: Int) -> DeliveryLine {
        var line = DeliveryLine()
        for tag in 1...UInt64(count) { line.add(delivery(tag)) }
        return line
    }

    @Test func `counts what it holds wherever it is, until the server is told`() {
        var line = line(of: 4)
        _ = line.hand(scheduled(line.popArrived()!))
        line.hold(scheduled(line.popArrived()!))
        // On its way to the ladder, however long that takes.
        _ = line.popArrived()!
        line.setAside()
        #expect(line.heldCount == 4)
        _ = line.settle([3])
        line.endAside(1)
        #expect(line.heldCount == 3)
    }

    @Test func `wants what the worker has and has room for, and what waits for its time`() {
        var line = line(of: 3)
        _ = line.hand(scheduled(line.popArrived()!))
        line.hold(scheduled(line.popArrived()!))
        _ = line.popArrived()
        line.setAside()
        // A little less is not worth a call.
        #expect([5, 4, 3, 0].map { line.want($0) ? line.wanted : 0 } == [8, 0, 0, 3])
    }

    @Test func `never wants more than a prefetch count can say`() {
        var line = line(of: 1)
        #expect([1_000_000, 2_000_000].map { line.want($0) ? line.wanted : 0 } == [65_535, 0])
    }

    @Test func `gives back what nobody has looked at, the newest first`() {
        var line = line(of: 6)
        _ = line.want(6)
        _ = line.hand(scheduled(line.popArrived()!))
        let nothing = line.popSurplus { _ in true }
        _ = line.want(1)
        let surplus = line.popSurplus { $0.tag != 5 }
        #expect(nothing == [] && line.wanted == 2 && surplus == [6, 4, 3, 2])
        _ = line.settle(surplus)
        let rest = (line.popSurplus { _ in true }, line.popArrived()?.tag)
        #expect(rest == ([], 5))
    }
}
