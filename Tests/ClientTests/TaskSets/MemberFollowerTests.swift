import Brokers
import CeleryCore
import Client
import Testing

/// Waiting for the results of tasks that are sent meanwhile.
@Suite struct MemberFollowerTests {
    private let fixture = ClientFixture()
    private let set = SetNumbering()

    private func send(_ numbers: some Sequence<Int>, _ follower: MemberFollower) async throws {
        var options = SendOptions()
        let messages = numbers.map { number in
            options.id = set.member(number)
            return fixture.client.factory.message("t", args: [], kwargs: [:], options: options)
        }
        await follower.expect(messages.map(\.id))
        try await fixture.client.publish(messages)
        await follower.confirm(messages.map(\.id))
    }

    /// Takes news until so many results have come.
    private func results(_ count: Int, _ follower: MemberFollower) async throws -> [Int] {
        var numbers: [Int] = []
        while numbers.count < count { numbers += try await follower.next().results.compactMap { set.number(of: $0.id) } }
        return numbers
    }

    @Test func `reports each result once, of tasks sent before and while it waits`() async throws {
        let follower = MemberFollower(client: fixture.client)
        try await send(1...2, follower)
        try await fixture.finish(set.member(2), .success)
        #expect(try await results(1, follower) == [2])
        let waiting = Task { try await results(2, follower) }
        try await send(3...3, follower)
        try await fixture.finish(set.member(3), .failure, failure: TaskFailure(type: "Torn"))
        try await fixture.finish(set.member(1), .success)
        #expect(try await waiting.value.sorted() == [1, 3])
        #expect(await follower.awaited.isEmpty)
    }

    @Test func `finds all of many`() async throws {
        let follower = MemberFollower(client: fixture.client)
        let waiting = Task { try await results(2_000, follower) }
        for start in stride(from: 1, to: 2_000, by: 100) {
            try await send(start..<start + 100, follower)
            for number in start..<start + 100 { try await fixture.finish(set.member(number), .success) }
        }
        #expect(try await waiting.value.sorted() == Array(1...2_000))
    }

    @Test func `does not report what was dropped, nor results of others`() async throws {
        let follower = MemberFollower(client: fixture.client)
        try await send(1...3, follower)
        await follower.drop([set.member(1)])
        try await fixture.finish(TaskID("other"), .success)
        for number in 1...3 { try await fixture.finish(set.member(number), .success) }
        #expect(try await results(2, follower).sorted() == [2, 3])
    }

    @Test func `tells of a task that nobody knows any more, but not before it was sent`() async throws {
        let follower = MemberFollower(client: fixture.client)
        await follower.expect([set.member(1)])
        try await send(2...2, follower)
        _ = await fixture.broker.withdraw([set.member(2)])
        #expect(try await follower.next().gone == [set.member(2)])
        #expect(await follower.awaited == [set.member(1)])
    }
}
