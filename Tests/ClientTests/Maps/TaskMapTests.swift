import Brokers
import CeleryCore
import ResultStores
import Synchronization
import Tasks
import Testing

@testable import Client

private struct Square: CeleryTask {
    static let name = "square"
    var x: Int
    func run(_ context: TaskContext) async throws -> Int { x * x }
}

/// Numbers from 1, and how many of them were read.
private final class Numbers: Sequence, Sendable {
    private let count: Int
    let read = Mutex(0)

    init(_ count: Int) { self.count = count }

    func makeIterator() -> AnyIterator<Int> {
        AnyIterator { [self] in
            read.withLock { read in
                guard read < count else { return nil }
                read += 1
                return read
            }
        }
    }
}

/// One task for many inputs.
@Suite(.timeLimit(.minutes(3))) struct TaskMapTests {
    private let fixture = ClientFixture()
    private var client: Client { fixture.client }

    @Test func `results come in the order of the inputs, each once`() async throws {
        let worker = fixture.startSquaring()
        defer { worker.cancel() }
        var results: [MappedResult<Int>] = []
        for try await result in client.dmap(Square.self, 1...3_000) { results.append(result) }
        #expect(results.map(\.index) == Array(0..<3_000))
        #expect(try results.map { try $0.get() } == (1...3_000).map { $0 * $0 })
        #expect(Set(results.map(\.id)).count == 3_000)
    }

    @Test func `waits for all, in any order`() async throws {
        let worker = fixture.startSquaring()
        defer { worker.cancel() }
        #expect(try await client.dmap(Square.self, 1...20, inOrder: false).join() == (1...20).map { $0 * $0 })
        #expect(try await client.dmap("square", [2, 3]).join() == [4, 9])
        #expect(try await client.dmap(Square.self, [Int]()).join() == [])
    }

    @Test func `what ends first comes first, where the order does not matter`() async throws {
        var iterator = client.dmap("t", 1...3, inOrder: false).makeAsyncIterator()
        let last = Task { [fixture] in
            try await fixture.until { await fixture.waiting == 3 }
            let messages = try await fixture.sent()
            try #require(messages.count == 3)
            try await fixture.finish(messages[2].id, .success, 5)
        }
        #expect(try await iterator.next()?.index == 2)
        try await last.value
    }

    @Test func `inputs are read as work gets done, and not before results are asked for`() async throws {
        let numbers = Numbers(1_000)
        let map = client.dmap(Square.self, numbers, inFlight: 5)
        #expect(numbers.read.withLock { $0 } == 0)
        let taking = Task {
            var values: [Int] = []
            for try await result in map { values.append(try result.get()) }
            return values
        }
        try await fixture.until { await fixture.waiting == 5 }
        #expect(numbers.read.withLock { $0 } == 5)
        let worker = fixture.startSquaring()
        defer { worker.cancel() }
        #expect(try await taking.value == (1...1_000).map { $0 * $0 })
        #expect(numbers.read.withLock { $0 } == 1_000)
    }

    @Test func `results come while inputs are still to come`() async throws {
        let worker = fixture.startSquaring()
        defer { worker.cancel() }
        let (inputs, continuation) = AsyncStream.makeStream(of: Int.self)
        var iterator = client.dmap(Square.self, inputs).makeAsyncIterator()
        for number in 1...3 { continuation.yield(number) }
        for number in 1...3 { #expect(try await iterator.next()?.get() == number * number) }
        continuation.yield(4)
        #expect(try await iterator.next()?.get() == 16)
        continuation.finish()
        #expect(try await iterator.next() == nil)
        #expect(try await iterator.next() == nil)
    }

    @Test func `a task that fails does not end the others`() async throws {
        let worker = fixture.startWorker { _, arguments in
            guard arguments.args[0] != 2 else { throw TaskFailure(type: "Torn", arguments: ["no 2"]) }
            return arguments.args[0]
        }
        defer { worker.cancel() }
        var texts: [String] = []
        for try await result in client.dmap("t", 1...3) {
            do { texts.append(try result.get().text()) } catch { texts.append("\(error)") }
        }
        #expect(texts == ["1", "Torn: no 2", "3"])
        await #expect(throws: TaskFailed.self) { try await client.dmap("t", 1...3).join() }
        // A value of another type is the failure of that one.
        var results: [Bool] = []
        for try await result in client.dmap(Press.self, ["a", "b"], options: queue("celery")) { results.append((try? result.get()) == nil) }
        #expect(results == [true, true])
    }

    private func queue(_ name: String) -> SendOptions {
        var options = SendOptions()
        options.queue = name
        return options
    }

    @Test func `a result that is not stored is told as such`() async throws {
        var iterator = client.dmap("t", 1...2).makeAsyncIterator()
        let losing = Task { [fixture] in
            try await fixture.until { await fixture.waiting == 2 }
            let messages = try await fixture.sent()
            try #require(messages.count == 2)
            _ = await fixture.broker.withdraw([messages[0].id])
            try await fixture.finish(messages[1].id, .success, 1)
        }
        let first = try await iterator.next()
        #expect(throws: ResultMissing.self) { try first?.get() }
        #expect(try await iterator.next()?.get() == 1)
        try await losing.value
    }

    @Test func `results that were taken are deleted, unless they are to be kept`() async throws {
        let worker = fixture.startSquaring()
        defer { worker.cancel() }
        func stored(keepsResults: Bool) async throws -> Int {
            var ids: [TaskID] = []
            for try await result in client.dmap(Square.self, 1...600, keepsResults: keepsResults) { ids.append(result.id) }
            return try await fixture.store.results(for: ids).count
        }
        #expect(try await stored(keepsResults: false) == 0)
        #expect(try await stored(keepsResults: true) == 600)
    }

    @Test func `leaving the loop withdraws what nobody has begun`() async throws {
        let begun = Mutex<[TaskID]>([])
        let worker = fixture.startWorker { message, _ in
            begun.withLock { $0.append(message.id) }
            return 1
        }
        let numbers = Numbers(100_000)
        for try await result in client.dmap("t", numbers) where result.index == 10 { break }
        await client.close()
        worker.cancel()
        try await fixture.until { await fixture.waiting == 0 }
        #expect(numbers.read.withLock { $0 } < 100_000)
        #expect(begun.withLock { $0.count } < 100_000)
        #expect(try await fixture.store.taskSets(limit: 10).isEmpty)
    }

    @Test func `cancelling withdraws before it throws, and leaves no results`() async throws {
        let taking = Task { for try await _ in client.dmap("t", 1...1_000, inFlight: 20) {} }
        try await fixture.until { await fixture.waiting == 20 }
        let ids = try await fixture.sent().map(\.id)
        try #require(ids.count == 20)
        // Of the second input, which waits for the first to be taken.
        try await fixture.finish(ids[1], .success, 1)
        _ = await fixture.broker.withdraw([ids[1]])
        taking.cancel()
        await #expect(throws: CancellationError.self) { try await taking.value }
        #expect(await fixture.waiting == 0)
        #expect(try await fixture.store.results(for: ids).isEmpty)
    }

    @Test func `an error of the inputs ends the map after the results that were there, and withdraws the rest`() async throws {
        struct Unreadable: Error {}
        let (inputs, continuation) = AsyncThrowingStream.makeStream(of: Int.self)
        let map = client.dmap("t", inputs)
        var iterator = map.makeAsyncIterator()
        continuation.yield(1)
        continuation.yield(2)
        let working = Task { [fixture] in
            try await fixture.until { await fixture.waiting == 2 }
            let messages = try await fixture.sent()
            try #require(messages.count == 2)
            try await fixture.finish(messages[0].id, .success, 7)
        }
        #expect(try await iterator.next()?.get() == 7)
        try await working.value
        continuation.finish(throwing: Unreadable())
        await #expect(throws: Unreadable.self) { try await iterator.next() }
        await #expect(throws: Unreadable.self) { try await iterator.next() }
        // The stand-in for a worker has not settled the first.
        #expect(await fixture.waiting == 1)
    }

    @Test func `calls have the options of task and call, and are one set`() async throws {
        let worker = fixture.startWorker(on: "paper") { _, arguments in [.string(JSON.array(arguments.args).text(style: .compact))] }
        defer { worker.cancel() }
        let ids = Mutex<[TaskID]>([])
        let whole = try await client.dmap(Press.self, [Press(text: "a", copies: 2), Press(text: "b", copies: nil)]).join()
        #expect(whole == [[#"["a",2]"#], [#"["b",null]"#]])
        for try await result in client.dmap(Press.self, ["c"], keepsResults: true) {
            #expect(try result.get() == [#"["c"]"#])
            ids.withLock { $0.append(result.id) }
        }
        let id = try #require(ids.withLock { $0.first })
        let set = try #require(SetNumbering(member: id))
        let record = try #require(try await fixture.store.taskSet(set.id))
        #expect(record.total == 1)
        #expect(set.number(of: id) == 1)
    }
}
