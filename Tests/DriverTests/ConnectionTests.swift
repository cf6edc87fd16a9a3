import Brokers
import CeleryCore
import Fixtures
import Synchronization
import Testing
import Wire

@testable import RabbitMQ

/// The thread that owns a connection: what it sees, and how it ends.
@Suite(.timeLimit(.minutes(3))) struct ConnectionTests {
    @Test func `publishing while the connection is closed comes to an end`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker()
        for round in 0..<12 {
            try await broker.publish([Message("first")])
            let tasks = (0..<4).map { _ in Task { try await broker.publish((0..<500).map { Message("\($0)") }) } }
            try await Task.sleep(for: .milliseconds(round))
            await broker.close()
            // On a connection that is made anew.
            for task in tasks { try await promptly("the end of publishing") { try await task.value } }
        }
        await broker.close()
    }

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

    @Test func `what it is for hears of the end of a connection that is closed`() async throws {
        let place = try AMQPPlace()
        let (ends, end) = AsyncStream.makeStream(of: RabbitMQError.self)
        let owner = try ConnectionOwner([ConnectionOptions(ServiceURL(place.url))], .onDemand) { Idle(end) }
        try await owner.perform(as: Idle.self, within: .seconds(20)) { _, _ in }
        await owner.close()
        end.finish()
        #expect(await ends.reduce(into: []) { $0.append($1) } == [RabbitMQError(.lost, "the connection is closed")])
    }

    @Test func `what came during a call is not left until the next tick`() async throws {
        let place = try AMQPPlace()
        let (delays, note) = AsyncStream.makeStream(of: Duration.self)
        let owner = try ConnectionOwner([ConnectionOptions(ServiceURL(place.url))], .always) { Talkative(note) }
        try await promptly("the arrival of its own messages") {
            var count = 0
            for await delay in delays {
                #expect(delay < .seconds(1), "\(delay)")
                count += 1
                if count == 3 { return }
            }
        }
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
    private let note: AsyncStream<Duration>.Continuation
    private var asked = ContinuousClock.now

    init(_ note: AsyncStream<Duration>.Continuation) { self.note = note }

    func establish(_ connection: Connection) throws(RabbitMQError) {
        try connection.openChannel(1)
        try connection.declare(QueueDeclaration("own"), on: 1)
        try connection.consume("own", as: "c", isAcknowledged: false, on: 1)
    }

    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError) {
        if case .delivery = incoming { note.yield(asked.duration(to: .now)) }
    }

    func settleDown(_ connection: Connection) throws(RabbitMQError) {}

    func tick(_ connection: Connection) throws(RabbitMQError) {
        let end = ContinuousClock.now + .milliseconds(200)
        try connection.publish(WireMessage(routingKey: "own", body: [1]), isMandatory: false, on: 1)
        while .now < end { try connection.declare(QueueDeclaration("own"), isPassive: true, on: 1) }
        asked = .now
    }

    func lost(_ error: RabbitMQError) {}
}
