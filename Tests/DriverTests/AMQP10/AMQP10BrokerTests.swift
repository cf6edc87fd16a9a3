import CeleryCore
import Fixtures
import Proton
import Testing
import Wire

@testable import Brokers

/// What only brokers by AMQP 1.0 do, at both servers.
@Suite(.timeLimit(.minutes(3))) struct AMQP10BrokerTests {
    enum Server: String, CaseIterable, Sendable {
        case rabbitMQ, proton

        func place() throws -> AMQP10Place {
            switch self {
            case .rabbitMQ: AMQP10Place(try RabbitMQServer.shared.amqp10URL())
            case .proton: AMQP10Place(try ProtonExample.shared.url)
            }
        }
    }

    @Test(arguments: Server.allCases) func `the server tells what it is, or nothing`(_ server: Server) async throws {
        let broker = try server.place().broker()
        #expect(try await broker.server().kind == (server == .rabbitMQ ? .rabbitMQPlugin : .other))
        try await broker.probe()
        await broker.close()
    }

    @Test func `an encrypted connection is made, and one whose certificate nobody knows is not`() async throws {
        let server = try RabbitMQServer.shared
        let trusting = try AMQP10Place(server.amqp10TLSURL() + "?ssl_ca_certs=\(server.tlsFolder)/ca.pem").broker()
        try await trusting.probe()
        await trusting.close()
        let strict = try AMQP10Place(server.amqp10TLSURL()).broker()
        let error = await #expect(throws: DriverError.self) { try await strict.probe() }
        #expect(error?.code == .unreachable && error?.message.contains("certificate") == true)
        await strict.close()
    }

    @Test func `a wrong password is refused, and not shown`() async throws {
        let server = try RabbitMQServer.shared
        let broker = try AMQP10Place("amqp10://celery:hush-hush@127.0.0.1:\(server.port)/celery").broker()
        let error = await #expect(throws: DriverError.self) { try await broker.probe() }
        #expect(error?.code == .noPermission && error?.message.contains("hush") == false)
        await broker.close()
    }

    @Test func `a queue that was made otherwise is taken as it is`() async throws {
        let server = try RabbitMQServer.shared
        let virtualHost = try VirtualHost()
        try server.makeQueue("odd", maxPriority: 9, in: virtualHost.name)
        let broker = try AMQP10Place(server.amqp10URL(vhost: virtualHost.name), prefix: "").broker()
        let worker = try await broker.worker(of: ["odd"])
        try await broker.publish([Message("low", queue: "odd", priority: 1), Message("high", queue: "odd", priority: 8)])
        #expect(Set(try await worker.gather(2).names) == ["low", "high"])
        await worker.close()
        await broker.close()
    }

    @Test(arguments: Server.allCases) func `long and odd messages arrive as they were`(_ server: Server) async throws {
        let broker = try server.place().broker()
        var message = Message("a")
        message.headers["stamps"] = ["long": .string(String(repeating: "ü:\\\n\r", count: 6_000))]
        message.headers["ctrl"] = "\u{1}\r\n"
        message.body.bytes = [UInt8](repeating: UInt8(ascii: " "), count: 3 << 20) + Array("[[], {}, {}]".utf8)
        try await broker.publish([message])
        let worker = try await broker.worker()
        let delivery = try #require(try await worker.gather(1).first)
        #expect(delivery.message.headers == message.headers && delivery.message.body.bytes == message.body.bytes)
        _ = try await worker.settle([Outcome(delivery)])
        await worker.close()
        await broker.close()
    }

    @Test(arguments: Server.allCases) func `a worker that takes no more leaves the rest to others`(_ server: Server) async throws {
        let broker = try server.place().broker()
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

    @Test func `what a server has forgotten is given back as a new message when the worker closes`() async throws {
        let broker = try Server.proton.place().broker()
        try await broker.publish([Message("a"), Message("b"), Message("later", eta: .now + .seconds(3_600))])
        let leaving = try await broker.worker("leaving")
        #expect(try await leaving.gather(2).count == 2)
        await leaving.close()
        let other = try await broker.worker("other")
        let held = try await other.gather(2)
        #expect(Set(held.names) == ["a", "b"] && held.allSatisfy { $0.handle.attempt == 1 })
        await other.close()
        await broker.close()
    }

    @Test(arguments: Server.allCases) func `waiting for its time at a worker that closes is no attempt of a message`(_ server: Server) async throws {
        let broker = try server.place().broker()
        let leaving = try await broker.worker("leaving")
        let due = Timestamp.now + .seconds(10)
        try await broker.publish([Message("later", eta: due)])
        try await promptly("the message is held") {
            while try await leaving.scheduled(upTo: 10).isEmpty {
                #expect(try await leaving.take(10).isEmpty)
                try await leaving.waitForWork(until: .now + .milliseconds(100))
            }
        }
        await leaving.close()
        let other = try await broker.worker("other")
        let delivery = try #require(try await other.gather(1).first)
        #expect(delivery.message.task == "later" && delivery.handle.attempt == 1 && .now >= due)
        #expect(try await other.settle([Outcome(delivery)]) == [true])
        await other.close()
        await broker.close()
    }

    @Test(arguments: Server.allCases) func `ten thousand messages go through, each once`(_ server: Server) async throws {
        let broker = try server.place().broker()
        let count = 10_000
        try await broker.publish((0..<count).map { Message("\($0)") })
        let worker = try await broker.worker()
        var names: Set<String> = []
        while names.count < count {
            let held = try await worker.gather(min(200, count - names.count))
            #expect(try await worker.settle(held.outcomes).allSatisfy { $0 })
            for name in held.names { #expect(names.insert(name).inserted) }
        }
        await worker.close()
        await broker.close()
    }

    @Test func `in protocol 1 all of a task is in the body, and attempts are counted none the less`() async throws {
        let place = try Server.rabbitMQ.place()
        var options = try place.options()
        options.taskProtocol = 1
        let broker = AMQP10Broker(options, settings: Settings(projectFolder: "/nowhere"))
        var message = Message("a")
        message.body = BodyCodec.encode(TaskArguments(args: [1], kwargs: ["x": "ü"]))
        let server = try await broker.server()
        let parcel = try #require(try broker.parcels(of: message, at: server, now: .now).first)
        let body = try #require(JSON(parsing: ProtonMessage(decoding: parcel.bytes).body).objectValue)
        #expect(body["task"] == "a" && body["args"] == [1] && body["kwargs"] == ["x": "ü"])
        try await broker.publish([message])
        let worker = try await broker.worker()
        let first = try await worker.gather(1)
        #expect(first[0].message.id == message.id && first[0].message.body == message.body)
        try await worker.giveBack(first.map(\.handle), started: true)
        let second = try await worker.gather(1)
        #expect(second[0].handle.attempt == 2)
        #expect(try await worker.settle(second.outcomes) == [true])
        await worker.close()
        await broker.close()
    }

    @Test(arguments: ["a b", "a,b", "a*", "a>", "a?x=1", "a/b", "a%2Fb", "a\nb", "a\u{0}", "a::b", ""])
    func `a name that a server would read as something else is refused`(name: String) async throws {
        let broker = try Server.proton.place().broker()
        let error = await #expect(throws: DriverError.self) { try await broker.publish([Message("a", queue: name)]) }
        #expect(error?.code == .refused && error?.unconfirmed.count == 1)
        await #expect(throws: DriverError.self) { _ = try await broker.worker(of: [name]) }
        await broker.close()
    }

    @Test func `a server without topics says which power it lacks`() async throws {
        let broker = try Server.proton.place().broker()
        let asking = await #expect(throws: DriverError.self) { try await broker.ask([ControlRequest(method: "ping")], of: .all, within: .seconds(1)) }
        #expect(asking?.code == .unsupported && asking?.message.contains("carry remote control and events") == true)
        let dead = await #expect(throws: DriverError.self) { try await broker.deadLetters(DeadLetterFilter(), limit: 1, withContent: false) }
        #expect(dead?.code == .unsupported && dead?.message.contains("show dead letters") == true)
        await broker.close()
    }

    @Test func `what waits for its time for long is put back before RabbitMQ closes the session`() {
        #expect(ProtonServer(properties: .map([.init(.symbol("product"), .string("RabbitMQ")), .init(.symbol("version"), .string("3.10.8"))])).longestHold == .seconds(600))
        #expect(ProtonServer(properties: .null).longestHold == nil)
    }
}
