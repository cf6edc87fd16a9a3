import CeleryAMQP
import CeleryCore
import Fixtures
import Testing

@testable import Brokers

/// What a server does to those who are connected: it dies, hangs, takes no more.
@Suite(.serialized, .timeLimit(.minutes(4))) struct AMQPTroubleTests {
    private static let own = Result<RabbitMQServer, any Error> { try RabbitMQServer.start(options: ["--management"]) }

    @Test func `a killed server comes back, and nothing is lost`() async throws {
        let place = try await aside { try AMQPPlace(Self.own.get()) }
        let broker = try place.broker()
        try await broker.publish((0..<5).map { Message("held \($0)") })
        let worker = try await broker.worker()
        let held = try await worker.gather(5)
        let publishing = Task {
            for number in 0..<60 {
                try await broker.publish((0..<5).map { Message("sent \(number * 5 + $0)") })
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        try await aside {
            try place.server.perform("kill")
            try place.server.perform("restart")
        }
        // What it held on the old connection is another's now: its own, a second time.
        #expect(try await worker.settle(held.outcomes) == Array(repeating: false, count: 5))
        try await promptly("the end of publishing", within: .seconds(150)) { try await publishing.value }
        var names: Set<String> = []
        var attempts: [Int] = []
        while names.count < 305 {
            let deliveries = try await worker.gather(1, atATime: 50, isSettled: true)
            names.formUnion(deliveries.names)
            attempts += deliveries.filter { $0.message.task.hasPrefix("held") }.attempts
        }
        #expect(names.count == 305)
        #expect(attempts.allSatisfy { $0 >= 2 } && attempts.count >= 5, "\(attempts)")
        await worker.close()
        await broker.close()
    }

    @Test func `a server that hangs is noticed within two heartbeats, and consumed from when it goes on`() async throws {
        let place = try await aside { try AMQPPlace(Self.own.get()) }
        let broker = try place.broker([place.url + "?heartbeat=2&connection_timeout=1"])
        let worker = try await broker.worker()
        try await aside { try place.server.perform("suspend") }
        let clock = ContinuousClock()
        let time = try await clock.measure { _ = try await worker.notice(containing: "silent") }
        // Two heartbeats are 4 s; TCP alone takes minutes.
        #expect(time < .seconds(20).onThisMachine, "\(time)")
        try await aside { try place.server.perform("resume") }
        try await broker.publish([Message("after")])
        #expect(try await worker.gather(1).names == ["after"])
        await worker.close()
        await broker.close()
    }

    @Test func `a server that hangs while much is sent to it is noticed within two heartbeats`() async throws {
        let place = try await aside { try AMQPPlace(Self.own.get()) }
        let other = try await aside { try AMQPPlace() }
        let broker = try place.broker([place.url + "?heartbeat=2&connection_timeout=1", other.url])
        try await broker.publish([Message("before")])
        try await aside { try place.server.perform("suspend") }
        // More than the sockets on the way have room for.
        var large = Message("large")
        large.body.bytes = [UInt8](repeating: 32, count: 40 << 20)
        let messages = [large]
        let time = try await ContinuousClock().measure {
            try await promptly("the publishing elsewhere", within: .seconds(60)) { try await broker.publish(messages) }
        }
        // Two heartbeats, and the message anew to the other server, on a machine that may be busy. Unnoticed it takes 33 s.
        #expect(time < .seconds(28).onThisMachine, "\(time)")
        try await aside { try place.server.perform("resume") }
        await broker.close()
    }

    @Test func `a server that stops reading in the middle of a message is waited for until the time is up`() async throws {
        let place = try await aside { try AMQPPlace(Self.own.get()) }
        let broker = try place.broker([place.url + "?heartbeat=2"]) { $0.publishTimeout = 6 }
        try await broker.publish([Message("before")])
        try await aside { try place.server.ask("set_vm_memory_high_watermark", "0.000001") }
        var large = Message("large")
        large.body.bytes = [UInt8](repeating: 32, count: 40 << 20)
        let messages = [large]
        let start = ContinuousClock.now
        let error = try await promptly("the end of the patience") { () async -> DriverError? in
            do { try await broker.publish(messages) } catch { return error as? DriverError }
            return nil
        }
        let time = start.duration(to: .now)
        #expect(error?.code == .tryAgain)
        #expect(time > .seconds(5) && time < .seconds(40).onThisMachine, "\(time)")
        // It reads again.
        let again = Task {
            // On a busy machine the server may take longer than the time limit.
            while true {
                do { return try await broker.publish([Message("after")]) } catch let error as DriverError where error.code == .tryAgain {}
            }
        }
        try await aside { try place.server.ask("set_vm_memory_high_watermark", "0.4") }
        try await promptly("the publishing") { try await again.value }
        await broker.close()
    }

    @Test func `goes to the other server when one dies`() async throws {
        let place = try await aside { try AMQPPlace(Self.own.get()) }
        let other = try await aside { try AMQPPlace() }
        let urls = [place.url, other.url]
        let broker = try place.broker(urls)
        let worker = try await broker.worker()
        try await broker.publish([Message("before")])
        #expect(try await worker.gather(1, isSettled: true).names == ["before"])
        try await aside { try place.server.perform("kill") }
        try await broker.publish([Message("after")])
        #expect(try await worker.gather(1, isSettled: true).names == ["after"])
        // One that begins now finds the second as well.
        let late = try place.broker(urls)
        #expect(try await late.queues().map(\.name) == ["celery"])
        await late.close()
        await worker.close()
        await broker.close()
        try await aside { try place.server.perform("restart") }
    }

    @Test func `what is due is taken while what is not cannot be set aside`() async throws {
        let place = try await aside { try AMQPPlace(Self.own.get()) }
        let broker = try place.broker(nearETA: 1)
        try await broker.publish([Message("makes the ladder", eta: .now + .seconds(1_000))])
        // By somebody who knows no ladder.
        let plain = try place.broker(nearETA: .infinity)
        try await plain.publish([Message("far", eta: .now + .seconds(1_000)), Message("1"), Message("2")])
        try await aside { try place.server.ask("set_vm_memory_high_watermark", "0.000001") }
        let worker = try await broker.worker()
        // The alarm is still on when they come: nothing of what is set aside is confirmed.
        #expect(try await worker.gather(2, atATime: 1).names == ["1", "2"])
        try await aside { try place.server.ask("set_vm_memory_high_watermark", "0.4") }
        #expect(try await eventually { try await worker.backlog() == 2 }, "only what was taken is left")
        await worker.close()
        await broker.close()
        await plain.close()
    }
}
