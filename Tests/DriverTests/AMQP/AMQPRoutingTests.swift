import CeleryAMQP
import CeleryCore
import Fixtures
import Testing
import Wire

@testable import Brokers
@testable import RabbitMQ

/// Queues, exchanges and far-off ETAs at a real RabbitMQ server.
@Suite(.timeLimit(.minutes(3))) struct AMQPRoutingTests {
    @Test func `counts and purges the queues of the settings, and those that are named`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker { $0.queues = ["celery", "b", "never made"] }
        try await broker.publish([Message("1"), Message("2"), Message("3", queue: "b"), Message("4", queue: "other")])
        #expect(try await broker.queues().map { "\($0.name) \($0.ready) \($0.consumers)" } == ["celery 2 0", "b 1 0"])
        let worker = try await broker.worker(of: ["b"])
        _ = try await worker.gather(1)
        // What a worker has is not waiting.
        #expect(try await broker.queues().map { "\($0.name) \($0.ready) \($0.consumers)" } == ["celery 2 0", "b 0 1"])
        #expect(try await broker.purge(["never made", "other"]) == ["other": 1])
        #expect(try await broker.purge(nil) == ["celery": 2, "b": 0])
        #expect(try await broker.purge(nil) == ["celery": 0, "b": 0])
        await worker.close()
        #expect(try await broker.purge(["b", "b"]) == ["b": 1])
        await broker.close()
    }

    @Test func `says by their ids which messages of a batch were not accepted`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker()
        var bad = Message("bad")
        bad.route = Route(exchange: "celery", routingKey: "nowhere")
        // A sender may choose another one than the id.
        bad.correlationID = "answers"
        let batch = [Message("good"), bad, Message("good")]
        let error = await #expect(throws: DriverError.self) { try await broker.publish(batch) }
        #expect(error?.code == .refused)
        #expect(error?.isAboutRequest == true)
        #expect(error?.unconfirmed == [bad.id])
        #expect(try await broker.queues().map(\.ready) == [2])
        await broker.close()
    }

    @Test func `a far-off ETA waits on the ladder, and comes to its own queue, in time`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker(nearETA: 0.5)
        let b = try await broker.worker(of: ["b"])
        let ab = try await broker.worker(of: ["a.b"])
        let celery = try await broker.worker()
        // Makes the ladder, which takes a while.
        try await broker.publish([Message("in a year", eta: .now + .seconds(365 * 86_400))])
        let start = Timestamp.now
        try await broker.publish([
            Message("2 for b", queue: "b", eta: start + .milliseconds(2_100)), Message("3 for a.b", queue: "a.b", eta: start + .milliseconds(3_300)),
            Message("5", eta: start + .milliseconds(5_200)), Message("soon", eta: start + .milliseconds(300)),
        ])
        // Nothing of it stands in the workers' queues meanwhile.
        #expect(try await broker.purge(["a.b"]) == ["a.b": 0])
        for (worker, names, seconds) in [(celery, ["soon"], 0.3), (b, ["2 for b"], 2.1), (ab, ["3 for a.b"], 3.3), (celery, ["5"], 5.2)] {
            let deliveries = try await worker.gather(1)
            let passed = Timestamp.now.seconds - start.seconds
            #expect(deliveries.names == names)
            // Not early. How late depends on what else the machine and the other tests of this process do; a rung that is
            // wrong by a factor is found by DelayLadderTests.
            #expect(passed >= seconds && passed < seconds + 120 * Machine.factor, "after \(passed) s")
            #expect(deliveries[0].message.route == Route(queue: deliveries[0].message.route.queue))
            #expect(try await worker.settle(deliveries.outcomes) == [true])
        }
        for worker in [b, ab, celery] { #expect(try await worker.take(5).isEmpty) }
        for worker in [b, ab, celery] { await worker.close() }
        await broker.close()
    }

    @Test func `works with quorum queues, several of them, at any prefetch`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker { $0.queueType = .quorum }
        let names = (0..<60).map { "\($0)" }
        try await broker.publish(names.map { Message($0, queue: Int($0)! % 2 == 0 ? "left" : "right") })
        #expect(try place.server.api.expect("GET", "queues/\(place.vhost)/left").contains(#""type":"quorum""#))
        let worker = try await broker.worker(of: ["left", "right"])
        var seen: [String] = []
        for atATime in [1, 7, 2, 20, 1, 29] {
            let deliveries = try await worker.gather(atATime, atATime: atATime)
            #expect(deliveries.count == atATime)
            seen += deliveries.names
            #expect(try await worker.settle(deliveries.outcomes).allSatisfy { $0 })
        }
        #expect(seen.sorted() == names.sorted())
        await worker.close()
        #expect(try await broker.queues().map(\.ready) == [])
        await broker.close()
    }

    @Test(arguments: ["direct", "topic", "fanout"])
    func `takes from the exchange that the settings name`(_ type: String) async throws {
        let place = try AMQPPlace()
        let broker = try place.broker { settings in
            var orders = QueueDefinition("orders")
            orders.exchange = "shop-\(type)"
            orders.exchangeType = type
            orders.routingKey = type == "topic" ? "shop.*" : "shop.sell"
            settings.queueDefinitions["orders"] = orders
        }
        var message = Message("by exchange")
        message.route = Route(queue: "celery", exchange: "shop-\(type)", routingKey: "shop.sell")
        // Its queue is made with the exchange, so that nothing is lost before the first worker.
        try await broker.publish([message, Message("by queue", queue: "orders")])
        let worker = try await broker.worker(of: ["orders"])
        let deliveries = try await worker.gather(2)
        #expect(deliveries.names == ["by exchange", "by queue"])
        #expect(deliveries[0].message.route.exchange == "shop-\(type)")
        if type != "fanout" {
            var lost = message
            lost.route.routingKey = "elsewhere"
            let messages = [lost]
            await #expect(throws: DriverError.self) { try await broker.publish(messages) }
        }
        await worker.close()
        await broker.close()
    }

    @Test func `a refused message does not hurt those of others`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker()
        let refused = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<60 {
                group.addTask {
                    var message = Message("\(number)")
                    switch number % 6 {
                    case 0: message.headers = [String(repeating: "k", count: 300): 1]
                    case 1: message.route = Route(queue: "celery", exchange: "no such exchange", routingKey: "x")
                    default: break
                    }
                    do {
                        try await broker.publish([message])
                        return false
                    } catch {
                        return (error as? DriverError)?.code == .refused
                    }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(refused == 20)
        let worker = try await broker.worker()
        var names: Set<String> = []
        // What was sent together with a refused one may have been sent twice.
        while names.count < 40 { names.formUnion(try await worker.gather(1, isSettled: true).names) }
        #expect(names.allSatisfy { Int($0)! % 6 > 1 })
        await worker.close()
        await broker.close()
    }

    @Test func `a message that a full queue does not take is not taken for one that was`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker { $0.publishTimeout = 3 }
        let api = place.server.api
        try api.expect(
            "PUT", "queues/\(place.vhost)/full",
            body: #"{"durable": true, "arguments": {"x-max-length": 1, "x-overflow": "reject-publish"}}"#)
        try api.expect("PUT", "exchanges/\(place.vhost)/narrow", body: #"{"type": "direct", "durable": true}"#)
        try api.expect("POST", "bindings/\(place.vhost)/e/narrow/q/full", body: #"{"routing_key": "x"}"#)
        var narrow = Message("narrow")
        narrow.route = Route(queue: "full", exchange: "narrow", routingKey: "x")
        try await broker.publish([narrow, Message("before", queue: "gone")])
        // Made again for the message that comes back, and that of the full queue comes back beside it.
        try api.expect("DELETE", "queues/\(place.vhost)/gone")
        let messages = [narrow, Message("after", queue: "gone")]
        await #expect { try await broker.publish(messages) } throws: { ($0 as? DriverError)?.code == .tryAgain }
        await broker.close()
    }

    @Test func `a far-off ETA comes once to each queue of a fan-out exchange, and again only where it is given back`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker(nearETA: 0.5) { settings in
            for name in ["left", "right"] {
                var queue = QueueDefinition(name)
                queue.exchange = "news"
                queue.exchangeType = "fanout"
                settings.queueDefinitions[name] = queue
            }
        }
        let workers = [try await broker.worker(of: ["left"]), try await broker.worker(of: ["right"])]
        var message = Message("news", eta: .now + .milliseconds(3_500))
        message.route = Route(queue: "left", exchange: "news", routingKey: "any")
        let eta = message.eta!
        try await broker.publish([message])
        var last: Delivery?
        for worker in workers {
            let deliveries = try await worker.gather(1)
            #expect(deliveries.names == ["news"] && Timestamp.now >= eta)
            last = deliveries[0]
            if worker === workers[0] { _ = try await worker.settle(deliveries.outcomes) }
        }
        // A child that died gives it back to its queue alone.
        try await workers[1].giveBack([last!.handle], started: true)
        let again = try await workers[1].gather(1, isSettled: true)
        #expect(again.names == ["news"] && again.attempts == [2])
        // Nothing of it stands before what is sent now.
        try await broker.publish(["left", "right"].map { Message("after", queue: $0) })
        for worker in workers {
            #expect(try await worker.gather(1).names == ["after"])
            await worker.close()
        }
        await broker.close()
    }

    @Test func `of a quorum queue, every death of a worker counts, and no number is used again however often the message comes back unbegun`() async throws {
        let place = try AMQPPlace()
        // A connection that a busy machine loses would count as a death.
        let broker = try place.broker {
            $0.queueType = .quorum
            $0.brokerHeartbeat = 120
        }
        try await broker.publish([Message("fatal")])
        for attempt in 1...4 {
            let worker = try await broker.worker()
            #expect(try await worker.gather(1).attempts == [attempt])
            await worker.die()
        }
        let worker = try await broker.worker()
        // Nobody can tell an unbegun return from a death, so numbers are passed over; but those returns are not taken for deaths.
        for (attempt, doubts) in [(5, 4), (5, 0), (6, 1), (7, 2), (8, 3), (8, 0), (9, 1)] {
            let deliveries = try await worker.gather(1)
            #expect(deliveries.attempts == [attempt] && deliveries[0].doubts == doubts)
            try await worker.giveBack(deliveries.map(\.handle), started: false)
        }
        // What a child's death has counted stays.
        let deliveries = try await worker.gather(1)
        try await worker.giveBack(deliveries.map(\.handle), started: true)
        let again = try await worker.gather(1)
        #expect(again.attempts == [deliveries[0].handle.attempt + 1])
        #expect(again[0].message.headers == [:])
        await worker.close()
        await broker.close()
    }

    @Test func `a queue that somebody keeps to himself is told of, and the others are counted and purged`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker { $0.queues = ["celery", "private", "b"] }
        try await broker.publish([Message("1"), Message("2", queue: "b")])
        let owner = try ConnectionOwner([ConnectionOptions(ServiceURL(place.url))], .onDemand) { PrivateQueue() }
        try await owner.perform(as: PrivateQueue.self, within: .seconds(20)) { _, _ in }
        let counts = try await broker.queues()
        #expect(counts.map(\.name) == ["celery", "private", "b"] && counts.map { $0.trouble != nil } == [false, true, false])
        let error = await #expect(throws: DriverError.self) { try await broker.purge(nil) }
        #expect(error?.code == .configuration && error?.message.hasSuffix("(2 messages in other queues were purged)") == true)
        #expect(try await broker.queues().map(\.ready) == [0, 0, 0])
        await owner.close()
        await broker.close()
    }

    @Test func `an exchange for answers that is made otherwise is used as it is`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker()
        try place.server.api.expect(
            "PUT", "exchanges/\(place.vhost)/reply.celery.pidbox", body: #"{"type": "fanout", "durable": true}"#)
        let answer = WireMessage(exchange: "reply.celery.pidbox", routingKey: "x", body: [1])
        for _ in 0..<2 {
            try await broker.link.publish([Publication(answer, isMandatory: false, needs: [.exchange(ControlQueue.replies)])])
        }
        // One that may not be made is refused, each time, and nobody else is.
        let denied = ExchangeDeclaration("amq.none")
        for _ in 0..<2 {
            let refused = Publication(WireMessage(exchange: "amq.none", routingKey: "x", body: [1]), isMandatory: false, needs: [.exchange(denied)])
            async let other: Void = broker.publish([Message("beside")])
            let error = await #expect(throws: DriverError.self) { try await broker.link.publish([refused]) }
            #expect(error?.code == .refused)
            try await other
        }
        #expect(try await broker.queues().map(\.ready) == [2])
        await broker.close()
    }
}

/// A queue of one connection.
private final class PrivateQueue: ConnectionUse {
    func establish(_ connection: Connection) throws(RabbitMQError) {
        try connection.openChannel(1)
        var queue = QueueDeclaration("private")
        queue.isExclusive = true
        try connection.declare(queue, on: 1)
    }

    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError) {}
    func settleDown(_ connection: Connection) throws(RabbitMQError) {}
    func tick(_ connection: Connection) throws(RabbitMQError) {}
    func lost(_ error: RabbitMQError) {}
}
