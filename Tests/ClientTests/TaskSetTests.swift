import CeleryCore
import Client
import Testing

/// Tasks that are counted together.
@Suite struct TaskSetTests {
    private let fixture = ClientFixture()

    private func run(_ count: Int) async throws -> TaskSetResult {
        try await TaskSet("t", (0..<count).map { ([.int(Int64($0))], [:]) }).run(using: fixture.client)
    }

    @Test func `all are sent as one group, each with its place`() async throws {
        let result = try await run(3)
        let messages = try await fixture.sent()
        #expect(messages.map(\.id) == result.subtasks)
        #expect(Set(messages.map(\.groupID)) == [result.id])
        #expect(messages.map(\.groupIndex) == [0, 1, 2])
    }

    @Test func `counts what is done`() async throws {
        let result = try await run(3)
        #expect(result.total == 3)
        #expect(try await result.waiting())
        try await fixture.finish(result.subtasks[2], .success, 9)
        #expect(try await result.completedCount() == 1)
        #expect(try await !result.ready())
        try await fixture.finish(result.subtasks[0], .success, 7)
        try await fixture.finish(result.subtasks[1], .success, 8)
        #expect(try await result.ready())
        #expect(try await result.successful())
        #expect(try await result.join(timeout: .seconds(60)) == [7, 8, 9])
    }

    @Test func `joining throws the failure of one, and says when time is over`() async throws {
        let result = try await run(2)
        await #expect(throws: ResultTimeout.self) { try await result.join(timeout: .milliseconds(10)) }
        try await fixture.finish(result.subtasks[1], .failure, failure: TaskFailure(type: "Torn"))
        await #expect(throws: TaskFailed.self) { try await result.join(timeout: .seconds(60)) }
        #expect(try await result.failed())
        #expect(try await !result.successful())
    }

    @Test func `a set of none is done`() async throws {
        let result = try await run(0)
        #expect(try await result.ready())
        #expect(try await result.join() == [])
    }
}
