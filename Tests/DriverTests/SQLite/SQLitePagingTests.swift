import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import ResultStores
import Testing

/// Lists of what waits and of results, part by part.
@Suite(.timeLimit(.minutes(3))) struct SQLitePagingTests {
    private let fixture = SQLiteBrokerFixture()
    private static let ample: Duration = .seconds(60)

    private func filter(_ change: (inout TaskFilter) -> Void) -> TaskFilter {
        var filter = TaskFilter()
        change(&filter)
        return filter
    }

    /// All parts of a list, one after the other, and how many there were.
    private func all(
        _ paging: any TaskPaging, _ filter: TaskFilter = TaskFilter(), limit: Int = 3, within time: Duration = ample
    ) async throws -> (ids: [String], parts: Int) {
        var ids: [String] = []
        var parts = 0
        var position: Int64?
        repeat {
            let part = try await paging.taskPart(filter, before: position, limit: limit, within: time)
            #expect(part.tasks.count <= limit)
            if let next = part.next, let position { #expect(next < position) }
            ids += part.tasks.map(\.id.text)
            parts += 1
            position = part.next
        } while position != nil && parts < 10_000
        return (ids, parts)
    }

    private func results(_ count: Int) async throws -> SQLiteResultStore {
        let store = SQLiteResultStore(file: try fixture.open().file, expires: nil)
        for number in 0..<count {
            var result = TaskResult(id: TaskID("t\(number)"), state: [.success, .failure, .custom("DIGGING"), .revoked][number % 4])
            (result.task, result.queue) = ("shop.\(number % 3)", number % 5 == 0 ? "other" : "celery")
            result.value = .string("value \(number)")
            try await store.store([result])
        }
        return store
    }

    @Test func `each result is in one part, the newest first`() async throws {
        let store = try await results(20)
        let newest = (0..<20).reversed().map { "t\($0)" }
        #expect(try await all(store).ids == newest)
        #expect(try await all(store, limit: 100).parts == 1)
        #expect(try await all(store, limit: 20).ids == newest)
    }

    @Test func `every filter selects the same in parts as at once`() async throws {
        let store = try await results(40)
        let filters = [
            filter { $0.phases = [.failure] }, filter { $0.phases = [.failure, .revoked] }, filter { $0.phases = [.started] },
            filter { $0.phases = [.success] }, filter { $0.phases = [.success, .started] }, filter { $0.task = "shop.1" },
            filter { $0.task = "shop.*" }, filter { $0.queue = "other" }, filter { $0.queue = "celery" },
            filter { $0.text = "value 1" }, filter { ($0.phases, $0.task, $0.text) = ([.failure], "shop.[12]", "value 3") },
            filter { ($0.queue, $0.phases) = ("other", [.success]) }, filter { $0.text = "nothing" }, filter { $0.task = "no" },
        ]
        for filter in filters {
            let whole = try await store.listedTasks(filter, before: nil, limit: 1_000).map(\.id.text)
            #expect(try await all(store, filter).ids == whole, "\(filter)")
            // With no time at all, a part ends after some rows, and the next one goes on from there.
            #expect(try await all(store, filter, within: .zero).ids == whole, "\(filter)")
        }
    }

    @Test func `a state of a task's own is found among running tasks`() async throws {
        let store = try await results(8)
        #expect(try await store.listedTasks(filter { $0.phases = [.started] }, before: nil, limit: 10).map(\.id.text) == ["t6", "t2"])
    }

    @Test func `a part without time is short, and says where to go on`() async throws {
        let store = try await results(100)
        let part = try await store.taskPart(filter { $0.text = "value 1" }, before: nil, limit: 50, within: .zero)
        #expect(part.tasks.count < 50 && part.next != nil)
    }

    @Test func `messages that wait come in parts as well`() async throws {
        let broker = try fixture.open()
        let messages = (0..<70).map { Message("shop.\($0 % 2)", queue: $0 % 7 == 0 ? "other" : "celery") }
        try await broker.publish(messages)
        let newest = messages.reversed().map(\.id.text)
        #expect(try await all(broker).ids == newest)
        #expect(try await all(broker, within: .zero).ids == newest)
        let others = messages.filter { $0.route.queue == "other" }.reversed().map(\.id.text)
        #expect(try await all(broker, filter { $0.queue = "other" }).ids == others)
        #expect(try await all(broker, filter { $0.queue = "other" }, within: .zero).ids == others)
        #expect(try await all(broker, filter { $0.phases = [.success] }).ids == [])
        await broker.close()
    }

    @Test func `messages that wait for their time come in parts as well`() async throws {
        let broker = try fixture.open()
        let messages = (0..<10).map { _ in Message("later", eta: fixture.clock.now + .seconds(100)) }
        try await broker.publish(messages)
        #expect(try await all(broker, filter { $0.phases = [.scheduled] }).ids == messages.reversed().map(\.id.text))
        await broker.close()
    }
}
