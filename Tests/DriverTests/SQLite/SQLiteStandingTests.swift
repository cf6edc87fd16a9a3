import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import Testing

/// Where a message stands among the others.
@Suite(.timeLimit(.minutes(3))) struct SQLiteStandingTests {
    private let fixture = SQLiteBrokerFixture()

    @Test func `counts those of its queue that come first, by priority and age, and its attempts`() async throws {
        let broker = try fixture.open()
        var messages = (0..<3).map { _ in Message("t", queue: "q") } + [Message("t", queue: "other")]
        messages[2].priority = 9
        try await broker.publish(messages)
        func ahead(_ index: Int) async throws -> Int? { try await broker.standing(of: messages[index].id)?.ahead }
        #expect(try await ahead(0) == 1)
        #expect(try await ahead(1) == 2)
        #expect(try await ahead(2) == 0)
        #expect(try await ahead(3) == 0)
        #expect(try await broker.standing(of: messages[1].id)?.message?.id == messages[1].id)
        #expect(try await broker.standing(of: TaskID("nobody")) == nil)
    }

    @Test func `one that a worker has stands in no queue, and counts its attempt`() async throws {
        let broker = try fixture.open()
        let message = Message("t", queue: "celery")
        try await broker.publish([message])
        let worker = try await fixture.worker("a")
        let deliveries = try await worker.consumer.take(1)
        let held = try #require(try await broker.standing(of: message.id))
        #expect(held.ahead == nil && held.attempts == 1)
        try await worker.consumer.giveBack(deliveries.map(\.handle), started: true)
        let back = try #require(try await broker.standing(of: message.id))
        #expect(back.ahead == 0 && back.attempts == 1)
    }
}
