import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import ResultStores
import Testing

/// Lists of what waits and of results, part by part.
@Suite(.timeLimit(.minutes(3))) struct SQLitePagingTests {
    private let fixture = SQLiteBrokerFixture()

    private func results(_ count: Int) async throws -> SQLiteResultStore {
        let store = SQLiteResultStore(file: try fixture.open().file, expires: nil)
        for number in 0..<count { try await store.store([.varied(number)]) }
        return store
    }

    @Test func `each result is in one part, the newest first`() async throws {
        let store = try await results(20)
        let newest = (0..<20).reversed().map { "t\($0)" }
        #expect(try await store.all().ids == newest)
        #expect(try await store.all(limit: 100).parts == 1)
        #expect(try await store.all(limit: 20).ids == newest)
    }

    @Test func `every filter selects the same in parts as at once`() async throws {
        let store = try await results(40)
        for filter in TaskFilter.ofVaried {
            let whole = try await store.listedTasks(filter, before: nil, limit: 1_000).map(\.id.text)
            #expect(try await store.all(filter).ids == whole, "\(filter)")
            // With no time at all, a part ends after some rows, and the next one goes on from there.
            #expect(try await store.all(filter, within: .zero).ids == whole, "\(filter)")
        }
    }

    @Test func `a state of a task's own is found among running tasks`() async throws {
        let store = try await results(8)
        #expect(try await store.listedTasks(TaskFilter { $0.phases = [.started] }, before: nil, limit: 10).map(\.id.text) == ["t6", "t2"])
    }

    @Test func `a part without time is short, and says where to go on`() async throws {
        let store = try await results(100)
        let part = try await store.taskPart(TaskFilter { $0.text = "value 1" }, before: nil, limit: 50, within: .zero)
        #expect(part.tasks.count < 50 && part.next != nil)
    }

    @Test func `messages that wait come in parts as well`() async throws {
        let broker = try fixture.open()
        let messages = (0..<70).map { Message("shop.\($0 % 2)", queue: $0 % 7 == 0 ? "other" : "celery") }
        try await broker.publish(messages)
        let newest = messages.reversed().map(\.id.text)
        #expect(try await broker.all().ids == newest)
        #expect(try await broker.all(within: .zero).ids == newest)
        let others = messages.filter { $0.route.queue == "other" }.reversed().map(\.id.text)
        #expect(try await broker.all(TaskFilter { $0.queue = "other" }).ids == others)
        #expect(try await broker.all(TaskFilter { $0.queue = "other" }, within: .zero).ids == others)
        #expect(try await broker.all(TaskFilter { $0.phases = [.success] }).ids == [])
        await broker.close()
    }

    @Test func `messages that wait for their time come in parts as well`() async throws {
        let broker = try fixture.open()
        let messages = (0..<10).map { _ in Message("later", eta: fixture.clock.now + .seconds(100)) }
        try await broker.publish(messages)
        #expect(try await broker.all(TaskFilter { $0.phases = [.scheduled] }).ids == messages.reversed().map(\.id.text))
        await broker.close()
    }
}
