import CeleryCore
import Fixtures
import ResultStores
import SQL
import Testing
import Wire

/// Lists of results in PostgreSQL, part by part: what only this store has.
@Suite(.timeLimit(.minutes(3))) struct PostgreSQLPagingTests {
    let place: OwnPostgreSQLPlace

    init() throws { place = try OwnPostgreSQLPlace() }

    @Test func `a store without tables has no parts`() async throws {
        #expect(try await place.store().all().ids.isEmpty)
    }

    @Test func `the server ends a query that takes too long`() async throws {
        let store = try place.store(expires: nil)
        try await store.store((0..<10).map(TaskResult.varied))
        _ = try await store.all()
        let other = try place.tables.connection()
        defer { other.close() }
        try other.begin()
        try other.execute("LOCK TABLE celery_result IN ACCESS EXCLUSIVE MODE")
        // A part without a first row has no place to go on at.
        let slow = await #expect(throws: DriverError.self) { try await store.taskPart(TaskFilter(), before: nil, limit: 50, within: .zero) }
        #expect(slow?.code == .tryAgain)
        // Which names there are is asked first.
        let error = await #expect(throws: DriverError.self) {
            try await store.taskPart(TaskFilter { $0.task = "shop.*" }, before: nil, limit: 50, within: .zero)
        }
        #expect(error?.code == .tryAgain)
        try other.rollBack()
        // Only those queries have a limit.
        #expect(try await store.all().ids.count == 10)
    }
}
