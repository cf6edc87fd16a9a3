import Testing

@Suite(.timeLimit(.minutes(3))) struct MemoryResultStoreTests {
    @Test(arguments: ResultStorePromise.all(of: MemoryResultStoreFixture.self))
    func `keeps the promise`(_ promise: ResultStorePromise) async throws {
        try await promise.check(MemoryResultStoreFixture.self)
    }
}
