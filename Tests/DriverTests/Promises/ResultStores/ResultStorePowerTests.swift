import CeleryCore
import Testing

@Suite(.timeLimit(.minutes(3))) struct ResultStorePowerTests {
    @Test(arguments: TestedStore.allCases)
    func `a store has the powers it is known for, and no others`(_ driver: TestedStore) async throws {
        try await check(driver.fixture)
    }

    /// So that no promise is left out by mistake.
    private func check<Fixture: ResultStoreFixture>(_ type: Fixture.Type) async throws {
        let fixture = try Fixture()
        let store = try fixture.connect()
        for power in ResultStorePower.allCases {
            guard let isHad = power.isHad(by: store) else { continue }
            #expect(isHad == Fixture.powers.contains(power), "\(power)")
        }
        await store.close()
        withExtendedLifetime(fixture) {}
    }
}
