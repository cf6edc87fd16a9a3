import CeleryCore
import Fixtures
import ResultStores
import SQL
import Testing
import Wire

/// Lists of results in PostgreSQL, part by part.
@Suite(.timeLimit(.minutes(3))) struct PostgreSQLPagingTests {
    let place: OwnPostgreSQLPlace

    init() throws { place = try OwnPostgreSQLPlace() }

    private func results(_ count: Int) async throws -> PostgreSQLResultStore {
        let store = try place.store(expires: nil)
        try await store.store((0..<count).map(TaskResult.varied))
        return store
    }

    @Test func `each result is in one part, the newest first`() async throws {
        let store = try await results(200)
        let newest = (0..<200).reversed().map { "t\($0)" }
        #expect(try await store.all().ids == newest)
        #expect(try await store.all(limit: 1_000).parts == 1)
        #expect(try await store.all(limit: 50).ids == newest)
        #expect(try await store.taskPart(TaskFilter(), before: nil, limit: 0, within: .seconds(60)).tasks.isEmpty)
    }

    @Test func `every filter selects the same in parts as at once`() async throws {
        let store = try await results(400)
        for filter in TaskFilter.ofVaried {
            let whole = try await store.listedTasks(filter, before: nil, limit: 1_000).map(\.id.text)
            #expect(try await store.all(filter, limit: 7).ids == whole, "\(filter)")
            // With no time at all, a part ends after some rows, and the next one goes on from there.
            #expect(try await store.all(filter, within: .zero).ids == whole, "\(filter)")
        }
    }

    @Test func `results that have expired take no place`() async throws {
        let clock = ManualClock()
        let store = try place.store(expires: 60) { clock.now }
        try await store.store((0..<100).map { TaskResult(id: TaskID("old\($0)"), state: .success) })
        clock.advance(by: .seconds(90))
        try await store.store([TaskResult(id: TaskID("new"), state: .success)])
        #expect(try await store.all().ids == ["new"])
    }

    @Test func `a part without time is short, and says where to go on`() async throws {
        let store = try await results(300)
        let part = try await store.taskPart(TaskFilter { $0.text = "nothing" }, before: nil, limit: 50, within: .zero)
        #expect(part.tasks.isEmpty && part.next != nil)
        #expect(try await store.all(TaskFilter { $0.text = "nothing" }, within: .zero).parts > 1)
    }

    @Test func `a store without tables has no parts`() async throws {
        #expect(try await place.store().all().ids.isEmpty)
    }

    @Test func `the server ends a query that takes too long`() async throws {
        let store = try await results(10)
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
