import CeleryAMQP
import CeleryCore
import Fixtures
import Synchronization
import Testing

@testable import Brokers

/// What becomes of a single queue or subscription: it is deleted, forgotten, confirms nothing, or is slow.
@Suite(.timeLimit(.minutes(4))) struct AMQPQueueTroubleTests {
    @Test func `a queue that was deleted is made again and subscribed to`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker()
        let worker = try await broker.worker(of: ["celery", "b"])
        try await broker.publish([Message("1", queue: "b")])
        #expect(try await worker.gather(1, isSettled: true).names == ["1"])
        try place.server.api.expect("DELETE", "queues/\(place.vhost)/celery")
        _ = try await worker.notice(containing: "consuming")
        try await broker.publish([Message("2"), Message("3", queue: "b")])
        #expect(Set(try await worker.gather(2, isSettled: true).names) == ["2", "3"])
        // Without a worker, the message finds out.
        await worker.close()
        try place.server.api.expect("DELETE", "queues/\(place.vhost)/celery")
        try await broker.publish([Message("4"), Message("5")])
        #expect(try await broker.queues().map(\.ready) == [2])
        await broker.close()
    }

    @Test func `a subscription that the server forgot is made again`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker()
        let worker = try await broker.worker()
        try await aside {
            // As the server would cancel it, but without a word to the client.
            let name = "<<\"\(place.vhost)\">>"
            try place.server.ask(
                "eval",
                """
                {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(\(name), queue, <<"celery">>)), \
                [C | _] = rabbit_amqqueue:consumers(Q), \
                ok = gen_server2:call(amqqueue:get_pid(Q), {basic_cancel, element(1, C), element(2, C), undefined, <<"test">>}).
                """)
        }
        try await broker.publish([Message("a")])
        #expect(try await worker.gather(1).names == ["a"])
        await worker.close()
        await broker.close()
    }

    @Test func `operators reach a worker again whose queue for requests was deleted`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker()
        let worker = try await broker.worker()
        let operators = try place.broker()
        worker.answerControl { request in request.method == "active_queues" ? .array([]) : nil }
        #expect(try await operators.workers().map(\.name) == [worker.node])
        try await aside {
            let name = "<<\"\(place.vhost)\">>"
            try place.server.ask(
                "eval",
                """
                {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(\(name), queue, <<"\(worker.node).celery.pidbox">>)), \
                {ok, _} = rabbit_amqqueue:delete(Q, false, false, <<"test">>), ok.
                """)
        }
        // Until the worker notices, nobody answers; how long that takes is its own affair.
        #expect(try await eventually { try await operators.workers().map(\.name) == [worker.node] })
        await worker.close()
        await operators.close()
        await broker.close()
    }

    @Test func `a queue that confirms nothing is named, and harms nobody else`() async throws {
        let place = try await aside { try AMQPPlace() }
        let broker = try place.broker { settings in
            settings.publishTimeout = 4 * Machine.factor
            settings.queueType = .quorum
        }
        let silent = Message("silent", queue: "silent")
        try await broker.publish([silent])
        try await aside { try place.server.stopReplica(of: "silent", in: place.vhost) }
        func connections() async throws -> [Substring] {
            try await aside { try place.server.ask("list_connections", "vhost", "pid") }.split(separator: "\n").filter { $0.hasPrefix(place.vhost) }
        }
        let before = try await connections()
        #expect(before.count == 1)
        let isOver = Atomic(false)
        let stuck = Task { () -> DriverError? in
            defer { isOver.store(true, ordering: .relaxed) }
            do { try await broker.publish([silent, Message("beside")]) } catch { return error as? DriverError }
            return nil
        }
        var count = 0
        while !isOver.load(ordering: .relaxed) {
            try await broker.publish([Message("\(count)")])
            count += 1
            try await Task.sleep(for: .milliseconds(5))
        }
        // The connection goes on after that as well.
        try await broker.publish([Message("\(count)")])
        count += 1
        let error = await stuck.value
        #expect(error?.code == .tryAgain)
        #expect(error?.unconfirmed == [silent.id])
        #expect(error?.message.hasSuffix(": messages to queue 'silent' were not confirmed in time; messages already sent may be accepted later") == true, "\(error as Any)")
        #expect(try await connections() == before)
        // Once each.
        #expect(try await broker.queues().first { $0.name == "celery" }?.ready == count + 1)
        await broker.close()
    }

    /// Given up, a message is lost with its connection or, when few are given up, waits at the server for the queue: nobody
    /// can promise more of those that are given up while the queue comes back, so nothing is under way then but what has
    /// time enough.
    @Test func `many messages for a queue that confirms nothing do not hold up the others, and arrive when it does`() async throws {
        let place = try await aside { try AMQPPlace() }
        func broker(_ seconds: Double) throws -> AMQPBroker {
            try place.broker { settings in
                settings.publishTimeout = seconds * Machine.factor
                settings.queueType = .quorum
            }
        }
        let hasty = try broker(3)
        try await hasty.publish([Message("before", queue: "silent"), Message("before")])
        try await aside { try place.server.stopReplica(of: "silent", in: place.vhost) }
        let stuck = (0..<300).map { number in Message("stuck \(number)", queue: "silent") }
        let given = GivenUp()
        let tries = stuck.map { message in
            Task {
                for _ in 0..<3 {
                    let error = await #expect(throws: DriverError.self) { try await hasty.publish([message]) }
                    #expect(error?.code == .tryAgain)
                }
                given.count.add(1, ordering: .relaxed)
            }
        }
        var times: [Duration] = []
        while given.count.load(ordering: .relaxed) < stuck.count {
            let time = try await ContinuousClock().measure {
                // One that was under way when the connection was given up may be late as well, at a slow server.
                do { try await hasty.publish([Message("beside")]) } catch let error as DriverError where error.code == .tryAgain {}
            }
            times.append(time)
            try await Task.sleep(for: .milliseconds(50))
        }
        for task in tries { await task.value }
        // Held up, each would take as long as the others are waited for.
        try #require(!times.isEmpty)
        #expect(times.sorted()[times.count / 2] < .seconds(1).onThisMachine, "\(times)")
        let patient = try broker(120)
        let sending = stuck.map { message in Task { try await patient.publish([message]) } }
        try await promptly("the publishing beside") { try await patient.publish([Message("beside")]) }
        try await aside { try place.server.startReplica(of: "silent", in: place.vhost) }
        for task in sending { try await promptly("the confirm", within: .seconds(120)) { try await task.value } }
        let worker = try await patient.worker(of: ["silent"])
        var names: [String] = []
        while Set(names).count < 301 { names += try await worker.gather(1, atATime: 50, isSettled: true).names }
        while case let more = try await worker.take(100), !more.isEmpty { names += more.names }
        #expect(names.count <= 301 + 3, "all of them once, but for the three that a connection may give up")
        await worker.close()
        await patient.close()
        await hasty.close()
    }

    @Test func `a message that is long on its way arrives, on the connection it began on`() async throws {
        let place = try AMQPPlace()
        let link = try Link(to: place.server.port)
        let direct = try place.broker()
        var large = Message("large")
        large.body.bytes = [UInt8](repeating: 32, count: 3 << 20)
        try await direct.publish([large])
        try await direct.publish([Message("behind it")])
        let broker = try place.broker(["amqp://celery:celery-secret@127.0.0.1:\(link.port)/\(place.vhost)"])
        let worker = try await broker.worker(of: ["other"])
        await worker.close()
        // So long that the flow is looked after three times, and no call would be answered in time.
        link.limit(to: 180_000)
        let slow = try await broker.worker()
        let deliveries = try await promptly("the arrival", within: .seconds(60)) { () async throws -> [Delivery] in
            while true {
                // More room is asked for meanwhile.
                let deliveries = try await slow.take(5)
                if !deliveries.isEmpty { return deliveries }
                try await slow.waitForWork(until: .now + .seconds(1))
            }
        }
        #expect(deliveries.names.first == "large" && deliveries.attempts.first == 1)
        link.limit(to: nil)
        #expect(try await eventually { try await slow.take(5).names == ["behind it"] } || deliveries.count == 2)
        await slow.close()
        await broker.close()
        await direct.close()
        link.cut()
    }
}

/// Counts what was given up, for several tasks.
private final class GivenUp: Sendable {
    let count = Atomic(0)
}
