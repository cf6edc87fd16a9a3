import Testing

/// Every driver and every promise: all that more than one driver has is promised here.
///
/// A promise that a driver's powers do not reach is left out; `BrokerPowerTests` and `ResultStorePowerTests` see that no power is.
@Suite(.timeLimit(.minutes(5))) struct PromiseTests {
    @Test(arguments: TestedBroker.allCases.flatMap { driver in
        BrokerPromise.all(of: driver.fixture).map { Promised(driver: driver, promise: $0) }
    })
    func `a broker`(_ promised: Promised<TestedBroker, BrokerPromise>) async throws {
        try await promised.promise.check(promised.driver.fixture)
    }

    @Test(arguments: TestedBroker.forBeat.flatMap { tested in
        BeatPromise.all(of: tested.fixture).map { Promised(driver: tested.driver, promise: $0) }
    })
    func `a broker for beat`(_ promised: Promised<TestedBroker, BeatPromise>) async throws {
        let fixture = try #require(TestedBroker.forBeat.first { $0.driver == promised.driver }?.fixture)
        try await promised.promise.check(fixture)
    }

    @Test(arguments: TestedBroker.allCases.flatMap { driver in
        EventPromise.all(of: driver.fixture).map { Promised(driver: driver, promise: $0) }
    })
    func `a broker for monitors`(_ promised: Promised<TestedBroker, EventPromise>) async throws {
        try await promised.promise.check(promised.driver.fixture)
    }

    @Test(arguments: TestedBroker.allCases.flatMap { driver in
        StatisticsPromise.all(of: driver.fixture).map { Promised(driver: driver, promise: $0) }
    })
    func `a broker for statistics`(_ promised: Promised<TestedBroker, StatisticsPromise>) async throws {
        try await promised.promise.check(promised.driver.fixture)
    }

    @Test(arguments: TestedStore.allCases.flatMap { driver in
        ResultStorePromise.all(of: driver.fixture).map { Promised(driver: driver, promise: $0) }
    })
    func `a result store`(_ promised: Promised<TestedStore, ResultStorePromise>) async throws {
        try await promised.promise.check(promised.driver.fixture)
    }

    @Test(arguments: TestedLimits.allCases.flatMap { driver in
        LimitPromise.all(of: driver.fixture).map { Promised(driver: driver, promise: $0) }
    })
    func `a keeper of limits`(_ promised: Promised<TestedLimits, LimitPromise>) async throws {
        try await promised.promise.check(promised.driver.fixture)
    }
}
