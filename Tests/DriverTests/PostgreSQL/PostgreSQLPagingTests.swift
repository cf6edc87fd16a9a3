import CeleryCore
import Fixtures
import ResultStores
import SQL
import Testing
import Wire

/// Lists of results in PostgreSQL, part by part.
@Suite(.timeLimit(.minutes(3))) struct PostgreSQLPagingTests {
    let place: OwnPostgreSQLPlace
    private static let ample: Duration = .seconds(60)

    init() throws { place = try OwnPostgreSQLPlace() }

    private func filter(_ change: (inout TaskFilter) -> Void) -> TaskFilter {
        var filter = TaskFilter()
        change(&filter)
        return filter
    }

    /// All parts of a list, one after the other, and how many there were.
    private func all(
        _ store: PostgreSQLResultStore, _ filter: TaskFilter = TaskFilter(), limit: Int = 3, within time: Duration = ample
    ) async throws -> (ids: [String], parts: Int) {
        var ids: [String] = []
        var parts = 0
        var position: Int64?
        repeat {
            let part = try await store.taskPart(filter, before: position, limit: limit, within: time)
            #expect(part.tasks.count <= limit)
            if let next = part.next, let position { #expect(next < position) }
            ids += part.tasks.map(\.id.text)
            parts += 1
            position = part.next
        } while position != nil && parts < 10_000
        return (ids, parts)
    }

    private func results(_ count: Int) async throws -> PostgreSQLResultStore {
        let store = try place.store(expires: nil)
        let results = (0..<count).map { number in
            var result = TaskResult(id: TaskID("t\(number)"), state: [.success, .failure, .custom("DIGGING"), .revoked][number % 4])
            (result.task, result.queue) = ("shop.\(number % 3)", number % 5 == 0 ? "other" : "celery")
            result.value = .string("value \(number)")
            return result
        }
        if !results.isEmpty { try await store.store(results) }
        return store
    }

    @Test func `each result is in one part, the newest first`() async throws {
        let store = try await results(200)
        let newest = (0..<200).reversed().map { "t\($0)" }
        #expect(try await all(store).ids == newest)
        #expect(try await all(store, limit: 1_000).parts == 1)
        #expect(try await all(store, limit: 50).ids == newest)
        #expect(try await store.taskPart(TaskFilter(), before: nil, limit: 0, within: Self.ample).tasks.isEmpty)
    }

    @Test func `every filter selects the same in parts as at once`() async throws {
        let store = try await results(400)
        let filters = [
            filter { $0.phases = [.failure] }, filter { $0.phases = [.failure, .revoked] }, filter { $0.phases = [.started] },
            filter { $0.phases = [.success] }, filter { $0.phases = [.success, .started] }, filter { $0.task = "shop.1" },
            filter { $0.task = "shop.*" }, filter { $0.queue = "other" }, filter { $0.queue = "celery" },
            filter { $0.text = "value 1" }, filter { ($0.phases, $0.task, $0.text) = ([.failure], "shop.[12]", "value 3") },
            filter { ($0.queue, $0.phases) = ("other", [.success]) }, filter { $0.text = "nothing" }, filter { $0.task = "no" },
            // JSON writes this text in several ways, so that the server cannot look for it.
            filter { $0.text = "é" },
        ]
        for filter in filters {
            let whole = try await store.listedTasks(filter, before: nil, limit: 1_000).map(\.id.text)
            #expect(try await all(store, filter, limit: 7).ids == whole, "\(filter)")
            // With no time at all, a part ends after some rows, and the next one goes on from there.
            #expect(try await all(store, filter, within: .zero).ids == whole, "\(filter)")
        }
    }

    @Test func `results that have expired take no place`() async throws {
        let clock = ManualClock()
        let store = try place.store(expires: 60) { clock.now }
        try await store.store((0..<100).map { TaskResult(id: TaskID("old\($0)"), state: .success) })
        clock.advance(by: .seconds(90))
        try await store.store([TaskResult(id: TaskID("new"), state: .success)])
        #expect(try await all(store).ids == ["new"])
    }

    @Test func `a part without time is short, and says where to go on`() async throws {
        let store = try await results(300)
        let part = try await store.taskPart(filter { $0.text = "nothing" }, before: nil, limit: 50, within: .zero)
        #expect(part.tasks.isEmpty && part.next != nil)
        #expect(try await all(store, filter { $0.text = "nothing" }, within: .zero).parts > 1)
    }

    @Test func `a store without tables has no parts`() async throws {
        #expect(try await all(try place.store()).ids.isEmpty)
    }

    @Test func `the server ends a query that takes too long`() async throws {
        let store = try await results(10)
        _ = try await all(store)
        let other = try place.tables.connection()
        defer { other.close() }
        try other.begin()
        try other.execute("LOCK TABLE celery_result IN ACCESS EXCLUSIVE MODE")
        // A part without a first row has no place to go on at.
        let slow = await #expect(throws: DriverError.self) { try await store.taskPart(TaskFilter(), before: nil, limit: 50, within: .zero) }
        #expect(slow?.code == .tryAgain)
        // Which names there are is asked first.
        let error = await #expect(throws: DriverError.self) {
            try await store.taskPart(filter { $0.task = "shop.*" }, before: nil, limit: 50, within: .zero)
        }
        #expect(error?.code == .tryAgain)
        try other.rollBack()
        // Only those queries have a limit.
        #expect(try await all(store).ids.count == 10)
    }
}
