import Brokers
import CeleryCore
import Fixtures
import Testing

/// Lists of what waits, part by part.
@Suite(.timeLimit(.minutes(3))) struct SQLitePagingTests {
    private let fixture = SQLiteBrokerFixture()

    @Test func `messages that wait come in parts`() async throws {
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

    @Test func `messages that wait for their time come in parts`() async throws {
        let broker = try fixture.open()
        let messages = (0..<10).map { _ in Message("later", eta: fixture.clock.now + .seconds(100)) }
        try await broker.publish(messages)
        #expect(try await broker.all(TaskFilter { $0.phases = [.scheduled] }).ids == messages.reversed().map(\.id.text))
        await broker.close()
    }
}
