import Testing

@Suite(.timeLimit(.minutes(3))) struct SQLiteResultStoreTests {
    @Test(arguments: ResultStorePromise.all(of: SQLiteResultStoreFixture.self))
    func `keeps the promise`(_ promise: ResultStorePromise) async throws {
        try await promise.check(SQLiteResultStoreFixture.self)
    }
}
