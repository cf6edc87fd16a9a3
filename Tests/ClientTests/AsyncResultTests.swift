import CeleryCore
import Client
import Tasks
import Testing

/// Asking after a task, and waiting for it.
@Suite struct AsyncResultTests {
    private let fixture = ClientFixture()

    @Test func `goes from waiting to done`() async throws {
        let result = try await fixture.client.send("t")
        #expect(try await result.state() == .pending)
        #expect(try await !result.ready())
        #expect(try await result.result() == nil)
        try await fixture.finish(result.id, .success, 5)
        #expect(try await result.ready())
        #expect(try await result.successful())
        #expect(try await result.result() == 5)
        #expect(try await result.failure() == nil)
        #expect(try await result.get(timeout: .seconds(60)) == 5)
    }

    @Test func `whoever waits is woken by the result`() async throws {
        let result = try await fixture.client.send("t")
        async let value = result.get(timeout: .seconds(60))
        try await fixture.finish(result.id, .success, "late")
        #expect(try await value == "late")
    }

    @Test func `the value of a Swift task has its type`() async throws {
        let result = try await Press(text: "a", copies: 2).delay(using: fixture.client)
        try await fixture.finish(result.id, .success, ["a", "a"])
        let value: [String] = try await result.get(timeout: .seconds(60))
        #expect(value == ["a", "a"])
    }

    @Test func `a failure is thrown with its reason`() async throws {
        let result = try await fixture.client.send("t")
        try await fixture.finish(result.id, .failure, failure: TaskFailure(type: "Torn", arguments: ["at page 3"]))
        let error = await #expect(throws: TaskFailed.self) { try await result.get() }
        #expect(error.map { "\($0)" } == "Torn: at page 3")
        #expect(try await result.failure()?.type == "Torn")
        #expect(try await !result.successful())
    }

    @Test func `waiting ends with its time, and at once for what nobody will ever record`() async throws {
        let result = try await fixture.client.send("t")
        await #expect(throws: ResultTimeout.self) { try await result.get(timeout: .milliseconds(10)) }
        await #expect(throws: ResultMissing.self) { try await fixture.client.result(of: TaskID("never sent")).get(timeout: .seconds(60)) }
    }

    @Test func `a result that was forgotten is gone`() async throws {
        let result = fixture.client.result(of: TaskID("old"))
        try await fixture.finish(result.id, .success, 1)
        try await result.forget()
        #expect(try await result.result() == nil)
        #expect(try await result.state() == .unknown)
    }
}
