import Brokers
import CeleryCore
import Testing

@Suite(.timeLimit(.minutes(3))) struct MemoryBrokerTests {
    @Test(arguments: BrokerPromise.all(of: MemoryBrokerFixture.self))
    func `keeps the promise`(_ promise: BrokerPromise) async throws {
        try await promise.check(MemoryBrokerFixture.self)
    }

    @Test func `has the powers it is known for, and no others`() async throws {
        try await checkPowers(MemoryBrokerFixture.self)
    }
}

/// The powers of a fixture are those of its driver, so that no promise is left out by mistake.
func checkPowers<Fixture: BrokerFixture>(_ type: Fixture.Type) async throws {
    let fixture = try Fixture()
    let broker = try fixture.connect()
    let consumer = try await fixture.worker(on: broker).consumer
    for power in BrokerPower.allCases {
        #expect(power.isHad(by: broker, consumer) == Fixture.powers.contains(power), "\(power)")
    }
}
