import CeleryCore
import Fixtures
import RabbitMQ
import Testing

@testable import CeleryAMQP

/// Publishing at a server without confirms. RabbitMQ has transactions as well; here it is taken for a server that has nothing else.
@Suite(.timeLimit(.minutes(2))) struct TransactionTests {
    private let vhost: VirtualHost
    private let owner: ConnectionOwner

    init() throws {
        vhost = try VirtualHost()
        var options = try ConnectionOptions(ServiceURL(vhost.url))
        options.assumed = ServerAbilities(product: "AcmeMQ", version: "1", abilities: [])
        let topology = Topology(Settings(projectFolder: "/nowhere"))
        owner = try ConnectionOwner([options], .onDemand) { Publisher(topology: topology) }
    }

    private func publish(_ publications: [Publication]) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            owner.perform(as: Publisher.self) { ready in
                do throws(RabbitMQError) {
                    let (connection, publisher) = try ready.get()
                    let batch = PublishBatch(publications, deadline: .now + .seconds(20)) { result in
                        continuation.resume(with: result.mapError { $0 as any Error })
                    }
                    try publisher.add(batch, connection)
                    return nil
                } catch {
                    return error
                }
            }
        }
    }

    private func publication(_ number: Int, to queue: String = "celery", needs: [Publication.Need] = [.taskQueue("celery")]) -> Publication {
        var message = WireMessage(routingKey: queue, properties: WireProperties(deliveryMode: 2), body: Array("\(number)".utf8))
        message.properties.correlationID = "\(number)"
        return Publication(message, isMandatory: true, needs: needs)
    }

    private func waiting() async throws -> Int {
        try await owner.perform(as: Publisher.self, within: .seconds(20)) { (connection, _) throws(RabbitMQError) in
            try connection.withChannel(5) { () throws(RabbitMQError) in
                try connection.declare(QueueDeclaration("celery"), isPassive: true, on: 5).messages
            }
        }
    }

    @Test func `commits what was sent, however much it is`() async throws {
        try await publish((0..<5_000).map { publication($0) })
        #expect(try await waiting() == 5_000)
        await owner.close()
    }

    @Test func `what no queue takes is refused, and the rest of its batch is there`() async throws {
        let failure = await #expect(throws: PublishFailure.self) {
            try await publish([publication(0), publication(1, to: "nowhere", needs: []), publication(2)])
        }
        #expect(failure?.unconfirmed == [1])
        #expect(failure?.error.code == .refused(312))
        #expect(try await waiting() == 2)
        await owner.close()
    }

    @Test func `a message for the ladder goes to its queue at once`() async throws {
        var delayed = publication(0, needs: [.taskQueue("celery"), .ladder(to: "celery")])
        delayed.message.exchange = DelayLadder.firstExchange
        delayed.message.routingKey = try #require(DelayLadder.routingKey(seconds: 3_600, queue: "celery"))
        try await publish([delayed])
        #expect(try await waiting() == 1)
        await owner.close()
    }
}
