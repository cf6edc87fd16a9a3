import Testing

@Suite(.timeLimit(.minutes(3))) struct MemoryBeatTests {
    @Test(arguments: BeatPromise.all(of: MemoryBrokerFixture.self))
    func `keeps the promise`(_ promise: BeatPromise) async throws {
        try await promise.check(MemoryBrokerFixture.self)
    }
}
