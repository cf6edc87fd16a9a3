import Brokers
import CeleryAMQP
import CeleryCore
import Fixtures
import Foundation
import Testing

@Suite struct BrokerPowerTests {
    /// A protocol that says what some brokers can do, and that nobody has put into the list, is promised nothing.
    @Test func `each power that a driver may declare stands in the list of powers`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../..").standardized
        let list = try String(contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "BrokerPower.swift"), encoding: .utf8)
        let files = try #require(FileManager.default.enumerator(at: root.appending(path: "Sources/CeleryCore"), includingPropertiesForKeys: nil))
        var powers: [String] = []
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            powers += text.matches(of: #/(?m)^(?:public|package) protocol (\w+): (?:Broker|BrokerConsumer|MessageLocating|QueuePausing)\b/#).map { String($0.1) }
        }
        #expect(powers.count > 25)
        for power in powers {
            let mention = try Regex("any [\\w& ]*\\b\(power)\\b")
            #expect(list.contains(mention), "\(power)")
        }
    }

    @Test(arguments: TestedBroker.allCases)
    func `a driver has the powers it is known for, and no others`(_ driver: TestedBroker) async throws {
        try await check(driver.fixture)
    }

    /// So that no promise is left out by mistake.
    private func check<Fixture: BrokerFixture>(_ type: Fixture.Type) async throws {
        let fixture = try Fixture()
        let broker = try fixture.connect()
        let consumer = try await fixture.worker(on: broker).consumer
        let server = try await (broker as? AMQPBroker)?.link.abilities()
        for power in BrokerPower.allCases {
            #expect(power.isHad(by: broker, consumer, at: server) == Fixture.powers.contains(power), "\(power)")
        }
        await consumer.close()
        await broker.close()
    }
}
