import CeleryCore
import Fixtures
import RabbitMQ
import Testing

@testable import Brokers

/// What operators learn of AMQP servers that are not RabbitMQ.
@Suite(.timeLimit(.minutes(2))) struct AMQPLackingTests {
    private func names(_ abilities: Set<ServerAbilities.Ability>) -> [String] {
        ServerAbilities(product: "AcmeMQ", version: "1", abilities: abilities).lackedPowers.map(\.name)
    }

    @Test func `each ability that a server lacks is named, and what it has is not`() {
        let ofArguments = ["queues that hold messages back", "priorities", "queues that expire"]
        #expect(names(Set(ServerAbilities.Ability.allCases)).isEmpty)
        #expect(names([.arguments, .streams]) == ["publisher confirms"])
        #expect(names([.confirms, .streams]) == ofArguments)
        #expect(names([.confirms, .arguments]) == ["streams"])
        #expect(names([]) == ["publisher confirms"] + ofArguments + ["streams"])
    }

    @Test func `garagemq is refused when it is connected to, and the error says what to do`() async throws {
        let vhost = try VirtualHost()
        let broker = try AMQPBroker(
            [ServiceURL(vhost.url)], settings: Settings(projectFolder: "/nowhere"),
            assumed: ServerAbilities(product: "garagemq", version: "0.1", abilities: [.confirms]))
        let error = await #expect(throws: DriverError.self) { try await broker.publish([Message("a")]) }
        #expect(error?.code == .configuration)
        #expect(error?.message == "broker \(broker.location): garagemq stops answering when a connection dies")
        #expect(error?.hint == "use another broker")
        let again = await #expect(throws: DriverError.self) { _ = try await broker.worker() }
        #expect(again == error)
        await broker.close()
        withExtendedLifetime(vhost) {}
    }
}
