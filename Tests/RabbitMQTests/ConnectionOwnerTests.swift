import CeleryCore
import Fixtures
import Testing
import Wire

@testable import RabbitMQ

/// The thread that owns a connection: what it sees, and how it ends.
@Suite(.timeLimit(.minutes(3))) struct ConnectionOwnerTests {
    @Test func `what is asked of a closed connection is answered`() async throws {
        let owner = try ConnectionOwner([ConnectionOptions(ServiceURL("amqp://127.0.0.1:1"))], .onDemand) { Idle() }
        await owner.close()
        let error = try await promptly("the answer") {
            await withCheckedContinuation { answer in
                owner.perform(as: Idle.self) { ready in
                    if case .failure(let error) = ready { answer.resume(returning: error) }
                    return nil
                }
            }
        }
        #expect(error == RabbitMQError(.lost, "the connection is closed"))
        await #expect(throws: error) { try await owner.perform(as: Idle.self, within: .seconds(1)) { _, _ in } }
    }

    @Test func `who asks for a connection that cannot be made is told why`() async throws {
        let owner = try ConnectionOwner([ConnectionOptions(ServiceURL("amqp://u:hush@127.0.0.1:1/v"))], .onDemand) { Idle() }
        let error = await #expect(throws: RabbitMQError.self) {
            try await owner.perform(as: Idle.self, within: .seconds(20)) { _, _ in }
        }
        #expect(error?.isOfOpening == true)
        #expect(error?.message == "cannot reach broker amqp://u:***@127.0.0.1:1/v: connection refused")
        await owner.close()
    }

    @Test func `what it is for hears of the end of a connection that is closed`() async throws {
        let vhost = try VirtualHost()
        let (ends, end) = AsyncStream.makeStream(of: RabbitMQError.self)
        let owner = try ConnectionOwner([ConnectionOptions(ServiceURL(vhost.url))], .onDemand) { Idle(end) }
        try await owner.perform(as: Idle.self, within: .seconds(20)) { _, _ in }
        await owner.close()
        end.finish()
        #expect(await ends.reduce(into: []) { $0.append($1) } == [RabbitMQError(.lost, "the connection is closed")])
    }

    @Test func `an error of what it is for ends the connection, and the next who asks gets another`() async throws {
        let vhost = try VirtualHost()
        let owner = try ConnectionOwner([ConnectionOptions(ServiceURL(vhost.url))], .onDemand) { Idle() }
        let refusal = await #expect(throws: RabbitMQError.self) {
            try await owner.perform(as: Idle.self, within: .seconds(20)) { (connection, _) throws(RabbitMQError) in
                try connection.openChannel(1)
                try connection.declare(QueueDeclaration("nowhere"), isPassive: true, on: 1)
            }
        }
        #expect(refusal?.code == .refused(404))
        let version = try await owner.perform(as: Idle.self, within: .seconds(20)) { connection, _ in connection.abilities.version }
        #expect(version.contains("."))
        await owner.close()
    }

    /// By the order of events, not by the clock: an arrival that waits for the next tick comes after that tick.
    @Test func `what came during a call is not left until the next tick`() async throws {
        let vhost = try VirtualHost()
        let (ages, note) = AsyncStream.makeStream(of: Int.self)
        let owner = try ConnectionOwner([ConnectionOptions(ServiceURL(vhost.url))], .always) { Talkative(note) }
        let first = try await promptly("the arrival of its own messages") { () async -> [Int] in
            var first: [Int] = []
            for await age in ages {
                first.append(age)
                if first.count == 3 { break }
            }
            return first
        }
        #expect(first == [0, 0, 0], "ticks between sending a message and receiving it")
        await owner.close()
    }
}

/// Does nothing, and tells how it ends.
private final class Idle: ConnectionUse {
    private let end: AsyncStream<RabbitMQError>.Continuation?

    init(_ end: AsyncStream<RabbitMQError>.Continuation? = nil) { self.end = end }

    func establish(_ connection: Connection) throws(RabbitMQError) {}
    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError) {}
    func settleDown(_ connection: Connection) throws(RabbitMQError) {}
    func tick(_ connection: Connection) throws(RabbitMQError) {}
    func lost(_ error: RabbitMQError) { end?.yield(error) }
}

/// Sends itself a message at each tick, and goes on asking until that has surely come.
private final class Talkative: ConnectionUse {
    private let note: AsyncStream<Int>.Continuation
    /// How many messages were sent, one at each tick.
    private var sent = 0
    /// How many have come.
    private var received = 0

    init(_ note: AsyncStream<Int>.Continuation) { self.note = note }

    func establish(_ connection: Connection) throws(RabbitMQError) {
        try connection.openChannel(1)
        try connection.declare(QueueDeclaration("own"), on: 1)
        try connection.consume("own", as: "c", isAcknowledged: false, on: 1)
    }

    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError) {
        guard case .delivery = incoming else { return }
        received += 1
        note.yield(sent - received)
    }

    func settleDown(_ connection: Connection) throws(RabbitMQError) {}

    func tick(_ connection: Connection) throws(RabbitMQError) {
        try connection.publish(WireMessage(routingKey: "own", body: [1]), isMandatory: false, on: 1)
        sent += 1
        // The queue hands the message over before it answers, so the delivery is read during one of these calls.
        for _ in 0..<20 { try connection.declare(QueueDeclaration("own"), isPassive: true, on: 1) }
    }

    func lost(_ error: RabbitMQError) {}
}
