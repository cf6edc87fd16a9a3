import CeleryCore
import Client
import Testing
import Wire

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

    @Test func `calls of a Swift task have its options, and values of its type`() async throws {
        let sent = try await TaskSet(Press.self, [Press(text: "a", copies: 2), Press(text: "b", copies: nil)]).run(using: fixture.client)
        let messages = try await fixture.sent(to: "paper")
        #expect(messages.map(\.task) == ["press", "press"] && messages.map(\.priority) == [7, 7])
        #expect(try messages.map { try BodyCodec.decode($0.body).args } == [["a", 2], ["b", nil]])
        let words = try await TaskSet(Press.self, ["c"]).run(using: fixture.client)
        let word = try #require(try await fixture.sent(to: "paper").first { $0.id == words.subtasks[0] })
        #expect(try BodyCodec.decode(word.body).args == ["c"])
        for id in sent.subtasks { try await fixture.finish(id, .success, ["x"]) }
        #expect(try await sent.join(as: [String].self) == [["x"], ["x"]])
        await #expect(throws: DecodingError.self) { try await sent.join(as: Int.self) }
        try await fixture.finish(words.subtasks[0], .failure, failure: TaskFailure(type: "Torn"))
        for try await ended in words.iterate() {
            #expect(throws: TaskFailed.self) { try ended.get(as: [String].self) }
        }
        for try await ended in sent.iterate() { #expect(try ended.get(as: [String].self) == ["x"]) }
    }

    @Test func `tells of its tasks one by one`() async throws {
        let result = try await run(3)
        #expect(result.itersubtasks().map(\.id) == result.subtasks)
        try await fixture.finish(result.subtasks[1], .success, 5)
        for (index, task) in result.itersubtasks().enumerated() { #expect(try await task.ready() == (index == 1)) }
        let restored = try #require(try await TaskSetResult.restore(result.id, using: fixture.client))
        #expect(restored.itersubtasks().map(\.id) == result.subtasks)
    }

    @Test func `submits and waits in one call`() async throws {
        let worker = fixture.startSquaring()
        defer { worker.cancel() }
        #expect(try await TaskSet("t", [([2], [:]), ([3], [:])]).join(using: fixture.client) == [4, 9])
    }
}
