import CeleryCore
import Fixtures
import STOMP
import Testing
import Wire

@testable import Brokers

/// What only brokers by STOMP do, at both servers.
@Suite(.timeLimit(.minutes(3))) struct STOMPBrokerTests {
    enum Server: String, CaseIterable, Sendable {
        case activeMQ, rabbitMQ

        func place() throws -> STOMPPlace {
            switch self {
            case .activeMQ: STOMPPlace(try ActiveMQServer.shared.url)
            case .rabbitMQ: STOMPPlace(try RabbitMQServer.shared.stompURL())
            }
        }
    }

    @Test(arguments: Server.allCases) func `the server tells what it is`(_ server: Server) async throws {
        let broker = try server.place().broker()
        #expect(try await broker.server().kind == (server == .activeMQ ? .activeMQ : .rabbitMQ))
        try await broker.probe()
        await broker.close()
    }

    @Test(arguments: ["ActiveMQ/5.17.2", "apache-apollo/1.7"])
    func `operators are told what no server does by STOMP, and of a server that does not delay messages`(header: String) {
        let names = STOMPServer(header: header).lackedPowers.map(\.name)
        #expect(names.starts(with: ["a memory of events and commands", "locks that end with their owner"]))
        #expect(names.dropFirst(2) == (header.hasPrefix("ActiveMQ") ? [] : ["delayed delivery"]))
    }

    @Test(arguments: Server.allCases) func `a message with an ETA waits at the server, and comes when it is due`(_ server: Server) async throws {
        let place = try server.place()
        let broker = try place.broker(nearETA: 0.5)
        let worker = try await broker.worker()
        let due = Timestamp.now + .seconds(10)
        try await broker.publish([Message("later", eta: due), Message("now")])
        #expect(try await worker.gather(1).names == ["now"])
        // It is not with the worker.
        #expect(try await worker.scheduled(upTo: 10).isEmpty)
        let delivery = try #require(try await worker.gather(1).first)
        #expect(delivery.message.task == "later" && .now >= due)
        // Being moved about is no attempt.
        #expect(delivery.handle.attempt == 1)
        #expect(try await worker.settle([Outcome(delivery)]) == [true])
        await worker.close()
        await broker.close()
    }

    @Test func `RabbitMQ has a message wait only for a queue that is there`() async throws {
        let place = try Server.rabbitMQ.place()
        let broker = try place.broker(nearETA: 1)
        let server = try await broker.server()
        let message = Message("later", eta: .now + .seconds(600))
        func destination() throws -> String? { try broker.frames(of: message, at: server, now: .now).first?["destination"] }
        let own = broker.layout.queue(message.route.queue)
        #expect(try destination() == own)
        try await broker.publish([message])
        #expect(try destination()?.contains("celery.delay.") == true)
        await broker.close()
        // A worker has declared its queues.
        let other = try place.broker(nearETA: 1)
        let worker = try await other.worker()
        #expect(try other.frames(of: message, at: server, now: .now).first?["destination"] != own)
        await worker.close()
        await other.close()
    }

    @Test func `without the scheduler of ActiveMQ the worker holds messages, and says why`() async throws {
        let server = try ActiveMQServer.start(options: ["--no-scheduler"])
        let broker = try STOMPPlace(server.url).broker()
        let worker = try await broker.worker()
        try await broker.publish([Message("later", eta: .now + .seconds(10))])
        try await promptly("the message is held") {
            while try await worker.scheduled(upTo: 10).isEmpty {
                #expect(try await worker.take(10).isEmpty)
                try await worker.waitForWork(until: .now + .milliseconds(100))
            }
        }
        #expect(try await worker.notice(containing: "schedulerSupport").isTrouble)
        #expect(try await worker.gather(1).names == ["later"])
        await worker.close()
        await broker.close()
        try server.perform("stop")
    }

    @Test(arguments: Server.allCases) func `messages of Celery 0.8 are read, and pickles refused`(_ server: Server) async throws {
        let place = try server.place()
        let broker = try place.broker()
        let link = STOMPLink(try place.options())
        let body = #"{"task": "tasks.add", "id": "c1a8", "args": [2, 3], "kwargs": {}, "retries": 0, "eta": null}"#
        func send(_ type: String, _ encoding: String, _ body: String) async throws {
            try await link.send([
                STOMPFrame(
                    "SEND",
                    [
                        STOMPFrame.Header("destination", broker.layout.queue("celery")), STOMPFrame.Header("content-type", type),
                        STOMPFrame.Header("content-encoding", encoding), STOMPFrame.Header("persistent", "true"),
                    ], body: Array(body.utf8), wantsReceipt: true)
            ])
        }
        try await send("application/json", "utf-8", body)
        try await send("application/x-python-serialize", "binary", "(dp0\n.")
        let worker = try await broker.worker()
        let deliveries = try await worker.gather(2)
        let first = try #require(deliveries.first { $0.defect == nil })
        #expect(first.message.id == TaskID("c1a8") && first.message.task == "tasks.add")
        #expect(try BodyCodec.decode(first.message.body).args == [2, 3])
        #expect(deliveries.compactMap(\.defect).count == 1)
        _ = try await worker.settle(deliveries.outcomes)
        await worker.close()
        await link.close()
        await broker.close()
    }

    @Test(arguments: ["a b", "a,b", "a*", "a>", "a?x=1", "a/b", "a%2Fb", "a\nb", "a\u{0}", ""])
    func `a name that a server would read as something else is refused`(name: String) async throws {
        let place = try Server.activeMQ.place()
        let broker = try place.broker()
        let error = await #expect(throws: DriverError.self) { try await broker.publish([Message("a", queue: name)]) }
        #expect(error?.code == .refused && error?.unconfirmed.count == 1)
        await #expect(throws: DriverError.self) { _ = try await broker.worker(of: [name]) }
        await broker.close()
    }

    @Test(arguments: Server.allCases) func `long and odd headers arrive as they were`(_ server: Server) async throws {
        let broker = try server.place().broker()
        var message = Message("a")
        message.headers["stamps"] = ["long": .string(String(repeating: "ü:\\\n\r", count: 6_000))]
        message.headers["ctrl"] = "\u{1}\r\n\u{0}"
        try await broker.publish([message])
        let worker = try await broker.worker()
        let delivery = try #require(try await worker.gather(1).first)
        #expect(delivery.message.headers == message.headers)
        _ = try await worker.settle([Outcome(delivery)])
        await worker.close()
        await broker.close()
    }

    @Test(arguments: Server.allCases) func `a worker that takes no more leaves the rest to others`(_ server: Server) async throws {
        let place = try server.place()
        let broker = try place.broker()
        try await broker.publish((0..<20).map { Message("\($0)") })
        let leaving = try await broker.worker("leaving")
        let held = try await leaving.gather(4, atATime: 4)
        await leaving.endPushing()
        #expect(try await leaving.settle([Outcome(held[0])]) == [true])
        let other = try await broker.worker("other")
        let rest = try await other.gather(16)
        #expect(Set(rest.names + held.names).count == 20)
        #expect(try await leaving.settle(held.dropFirst().map { Outcome($0) }) == [true, true, true])
        for worker in [leaving, other] { await worker.close() }
        await broker.close()
    }

    @Test(arguments: Server.allCases) func `a worker may hold more than a server loads at a time`(_ server: Server) async throws {
        let broker = try server.place().broker()
        try await broker.publish((0..<700).map { Message("\($0)") })
        let worker = try await broker.worker()
        let held = try await worker.gather(700, atATime: 700)
        #expect(Set(held.names).count == 700)
        #expect(try await worker.settle(held.outcomes).allSatisfy { $0 })
        await worker.close()
        await broker.close()
    }

    @Test func `what an ending worker sends again goes to others, and no attempt is counted that nobody made`() async throws {
        let broker = try Server.activeMQ.place().broker()
        try await broker.publish(["started", "waited", "retried"].map { Message($0) })
        let leaving = try await broker.worker("leaving")
        let held = try await leaving.gather(3, atATime: 3)
        func delivery(_ name: String) throws -> Delivery { try #require(held.first { $0.message.task == name }) }
        await leaving.endPushing()
        try await leaving.giveBack([delivery("started").handle], started: true)
        try await leaving.giveBack([delivery("waited").handle], started: false)
        var again = try delivery("retried").message
        again.retries = 1
        #expect(try await leaving.settle([Outcome(delivery("retried"), retry: again)]) == [true])
        await leaving.close()
        let other = try await broker.worker("other")
        let rest = try await other.gather(3)
        let attempts = Dictionary(rest.map { ($0.message.task, $0.handle.attempt) }, uniquingKeysWith: { $1 })
        #expect(attempts == ["started": 2, "waited": 1, "retried": 2])
        #expect(rest.allSatisfy { $0.crashes == 0 && $0.doubts == 0 })
        #expect(try await other.settle(rest.outcomes) == [true, true, true])
        await other.close()
        await broker.close()
    }

    @Test func `no more dead letters are looked at than ActiveMQ should have in memory, but all can be dropped`() async throws {
        let broker = try Server.activeMQ.place().broker()
        for number in 0..<36 {
            var message = Message("\(number)")
            message.body.bytes = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20)
            try await broker.bury(message, Burial(.signal(9), error: "", date: .now, worker: "w", attempts: 1, crashes: 1))
        }
        let all = DeadLetterFilter()
        let error = await #expect(throws: DriverError.self) { try await broker.deadLetters(all, limit: .max, withContent: false) }
        #expect(error?.code == .refused && error?.message.contains("32 MB") == true)
        #expect(try await broker.deadLetters(all, limit: 9, withContent: false).map(\.task) == (0..<9).map(String.init))
        #expect(try await broker.dropDeadLetters(all, limit: .max).map(\.task) == (0..<36).map(String.init))
        #expect(try await broker.deadLetters(all, limit: .max, withContent: false).isEmpty)
        await broker.close()
    }

    @Test func `a broker that stops without a word is given up within ten seconds, and work goes on when it is back`() async throws {
        let server = try ActiveMQServer.start(options: [])
        let broker = try STOMPPlace(server.url).broker(configuring: { $0.publishTimeout = 60 })
        let worker = try await broker.worker()
        let start = ContinuousClock.now
        try server.perform("suspend")
        _ = try await worker.notice(containing: "is silent")
        #expect(ContinuousClock.now - start < .seconds(10).onThisMachine)
        try server.perform("resume")
        try await promptly("a message is accepted again") {
            while (try? await broker.publish([Message("after")])) == nil { try await Task.sleep(for: .milliseconds(100)) }
        }
        #expect(try await worker.gather(1).names == ["after"])
        await worker.close()
        await broker.close()
        try server.perform("stop")
    }

    @Test func `what was confirmed survives the death of the server`() async throws {
        let server = try ActiveMQServer.start(options: [])
        let broker = try STOMPPlace(server.url).broker()
        let worker = try await broker.worker()
        try await broker.publish((0..<100).map { Message("\($0)") } + [Message("later", eta: .now + .seconds(5))])
        let held = try await worker.gather(10, atATime: 10)
        try server.perform("kill")
        try server.perform("restart")
        #expect(try await worker.settle(held.outcomes).allSatisfy { !$0 })
        let all = try await worker.gather(101)
        #expect(Set(all.names) == Set((0..<100).map(String.init) + ["later"]))
        await worker.close()
        await broker.close()
        try server.perform("stop")
    }

    @Test func `a connection by TLS demands a certificate for the host`() async throws {
        let server = try ActiveMQServer.shared
        let broker = try STOMPPlace(server.tlsURL + "?ssl_ca_certs=\(server.authority)").broker()
        try await broker.publish([Message("a")])
        #expect(try await broker.worker().gather(1).names == ["a"])
        await broker.close()
        let strange = try STOMPPlace(server.tlsURL).broker()
        let error = await #expect(throws: DriverError.self) { try await strange.publish([Message("a")]) }
        #expect(error?.code == .unreachable && error?.hint?.contains("ssl_ca_certs") == true)
        await strange.close()
    }

    @Test func `a wrong password is told as one, and not shown`() async throws {
        let url = try ActiveMQServer.shared.url.replacing("celery-secret", with: "hush")
        let error = await #expect(throws: DriverError.self) { try await STOMPPlace(url).broker().publish([Message("a")]) }
        #expect(error?.code == .noPermission && error.map { "\($0)".contains("hush") } == false)
    }
}
