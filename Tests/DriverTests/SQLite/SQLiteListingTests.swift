import Brokers
import CeleryCore
import Fixtures
import Testing

/// Lists of what waits and runs.
@Suite(.timeLimit(.minutes(3))) struct SQLiteListingTests {
    private let fixture = SQLiteBrokerFixture()

    private func list(_ broker: SQLiteBroker, _ phases: Set<TaskPhase>? = nil, limit: Int = 10) async throws -> [String] {
        var filter = TaskFilter()
        filter.phases = phases
        return try await broker.waitingTasks(filter, limit: limit).map { "\($0.task ?? "-") \($0.phase.name)" }
    }

    @Test func `tells what runs, waits, and waits for its ETA, the newest first`() async throws {
        let broker = try fixture.open()
        let later = fixture.clock.now + .seconds(100)
        try await broker.publish([Message("a"), Message("b"), Message("c", eta: later)])
        let worker = try await fixture.worker(on: broker)
        fixture.clock.advance(by: .seconds(1))
        #expect(try await worker.take(1).names == ["a"])
        #expect(try await list(broker) == ["a STARTED", "c SCHEDULED", "b QUEUED"])
        #expect(try await list(broker, limit: 2) == ["a STARTED", "c SCHEDULED"])
        #expect(try await list(broker, [.queued]) == ["b QUEUED"])
        #expect(try await list(broker, [.scheduled]) == ["c SCHEDULED"])
        #expect(try await list(broker, [.started]) == ["a STARTED"])
        #expect(try await list(broker, [.success]) == [])
        // Due, though no worker has looked for it yet.
        fixture.clock.advance(by: .seconds(100))
        #expect(try await list(broker) == ["a STARTED", "c QUEUED", "b QUEUED"])
        await worker.consumer.close()
        await broker.close()
    }

    @Test func `what waits for the limit of its task is queued`() async throws {
        let broker = try fixture.open()
        try await broker.publish([Message("a"), Message("a")])
        let worker = try await fixture.worker(on: broker)
        fixture.clock.advance(by: .seconds(1))
        let taken = try await worker.take(2)
        let limits = try #require(worker.consumer as? any LimitKeeping)
        #expect(try await limits.admit(taken.map { ($0.handle, TaskLimit(task: "a", slots: 1)) }) == [true, false])
        #expect(try await list(broker) == ["a STARTED", "a QUEUED"])
        await worker.consumer.close()
        await broker.close()
    }
}
