import CeleryCore
import Fixtures
import Testing

// What attempts wrote.
extension ResultStoreProof {
    private func keeping() throws -> any OutputKeeping { try #require(try fixture.connect() as? any OutputKeeping) }

    private func output(_ id: String, _ attempt: Int, _ text: String, isFinal: Bool = true) -> AttemptOutput {
        AttemptOutput(
            id: TaskID(id), attempt: attempt, isFinal: isFinal, content: TaskOutput(pieces: [.bytes(.stdout, Array(text.utf8))]).encoded)
    }

    func outputs() async throws {
        let store = try keeping()
        try await store.keep([output("a", 2, "two"), output("b", 1, "other"), output("a", 1, "one")])
        #expect(try await store.outputs(of: TaskID("a"), from: 1) == [output("a", 1, "one"), output("a", 2, "two")])
        #expect(try await store.outputs(of: TaskID("a"), from: 2) == [output("a", 2, "two")])
        #expect(try await store.outputs(of: TaskID("c"), from: 1) == [])
    }

    func outputStays() async throws {
        let store = try keeping()
        try await store.keep([output("a", 1, "o", isFinal: false)])
        try await store.keep([output("a", 1, "on", isFinal: false)])
        #expect(try await store.outputs(of: TaskID("a"), from: 1) == [output("a", 1, "on", isFinal: false)])
        try await store.keep([output("a", 1, "one")])
        try await store.keep([output("a", 1, "on", isFinal: false)])
        #expect(try await store.outputs(of: TaskID("a"), from: 1) == [output("a", 1, "one")])
    }

    func lastOutputs() async throws {
        let store = try keeping()
        for attempt in 1...50 { try await store.keep([output("a", attempt, "\(attempt)")]) }
        #expect(try await store.outputs(of: TaskID("a"), from: 1).map(\.attempt) == Array(31...50))
    }

    func outputForgotten() async throws {
        let store = try keeping()
        try await store.store([TaskResult(id: TaskID("a"), state: .success)])
        try await store.keep([output("a", 1, "one"), output("a", 2, "two")])
        #expect(try await store.forget([TaskID("a")]) == 1)
        #expect(try await store.outputs(of: TaskID("a"), from: 1) == [])
    }

    func outputExpires() async throws {
        let store = try #require(try fixture.connect(expires: 60) as? any OutputKeeping & ResultExpiring)
        try await store.store([TaskResult(id: TaskID("a"), state: .success)])
        try await store.keep([output("a", 1, "one")])
        fixture.clock.advance(by: .seconds(59))
        #expect(try await store.dropExpired(now: fixture.clock.now, limit: 100) == 0)
        #expect(try await store.outputs(of: TaskID("a"), from: 1).count == 1)
        fixture.clock.advance(by: .seconds(1))
        #expect(try await store.dropExpired(now: fixture.clock.now, limit: 100) > 0)
        #expect(try await store.outputs(of: TaskID("a"), from: 1) == [])
        #expect(try await store.results(for: [TaskID("a")]).isEmpty)
    }
}
