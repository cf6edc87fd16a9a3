import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import ResultStores
import SQLite
import Testing

/// Messages that a worker returns until other tasks have ended.
@Suite struct SQLitePostponingTests {
    private let fixture = SQLiteBrokerFixture()

    private func postponement(_ delivery: Delivery, after ids: [String], in pause: Duration = .seconds(60)) -> Postponement {
        var postponement = Postponement(delivery.handle, until: fixture.clock.now + pause, since: fixture.clock.now)
        postponement.after = ids.map { TaskID($0) }
        return postponement
    }

    private func store(_ state: TaskState, of id: String) async throws {
        try await SQLiteResultStore(file: try fixture.open().file, expires: nil).store([TaskResult(id: TaskID(id), state: state)])
    }

    @Test func `what is postponed comes back at its time, as often tried as before`() async throws {
        let worker = try await fixture.worker()
        let postponing = try #require(worker.consumer as? any Postponing)
        try await fixture.open().publish([Message("a")])
        let first = try await worker.takeAll()
        try #require(first.count == 1)
        #expect(try await postponing.postpone([postponement(first[0], after: [])]) == [true])
        #expect(try await postponing.postpone([postponement(first[0], after: [])]) == [false])
        #expect(try await worker.takeAll().isEmpty)
        fixture.clock.advance(by: .seconds(61))
        let second = try await worker.takeAll()
        #expect(second.names == ["a"] && second.attempts == [1])
        #expect(try await worker.consumer.settle(second.outcomes) == [true])
    }

    @Test(arguments: [TaskState.success, .failure, .revoked])
    func `it comes back at once when one of its tasks has ended, however that ended`(_ state: TaskState) async throws {
        let worker = try await fixture.worker()
        let postponing = try #require(worker.consumer as? any Postponing)
        try await fixture.open().publish([Message("a"), Message("b")])
        let first = try await worker.takeAll()
        try #require(first.count == 2)
        _ = try await postponing.postpone([postponement(first[0], after: ["x", "y"]), postponement(first[1], after: ["z"])])
        try await store(.started, of: "x")
        try await store(.retry, of: "x")
        try await store(state, of: "other")
        #expect(try await worker.takeAll().isEmpty)
        try await store(state, of: "x")
        let second = try await worker.takeAll()
        try #require(second.names == ["a"])
        // It waits anew, for the rest; what the first wait noted is forgotten.
        _ = try await postponing.postpone([postponement(second[0], after: ["y"])])
        #expect(try await worker.takeAll().isEmpty)
        try await store(state, of: "y")
        #expect(try await worker.takeAll().names == ["a"])
    }

    @Test func `a task that ended while the worker looked is no reason to wait`() async throws {
        let worker = try await fixture.worker()
        let postponing = try #require(worker.consumer as? any Postponing)
        try await fixture.open().publish([Message("a")])
        let first = try await worker.takeAll()
        try #require(first.count == 1)
        try await store(.success, of: "x")
        _ = try await postponing.postpone([postponement(first[0], after: ["x"])])
        #expect(try await worker.takeAll().names == ["a"])
    }

    @Test func `nothing is left of messages that were revoked while they waited`() async throws {
        let worker = try await fixture.worker()
        let postponing = try #require(worker.consumer as? any Postponing)
        let broker = try fixture.open()
        try await broker.publish([Message("a"), Message("b")])
        let first = try await worker.takeAll()
        try #require(first.count == 2)
        _ = try await postponing.postpone([postponement(first[0], after: ["x"])])
        #expect(try await broker.withdraw([first[0].message.id]) == [first[0].message.id])
        _ = try await postponing.postpone([postponement(first[1], after: ["x"])])
        let rows = try await broker.file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM prerequisite") }
        #expect(rows == 1)
    }

    @Test func `of many that were revoked, each postponing drops some`() async throws {
        let worker = try await fixture.worker()
        let postponing = try #require(worker.consumer as? any Postponing)
        let broker = try fixture.open()
        try await broker.publish((0..<300).map { Message("\($0)") })
        var held = try await worker.takeAll()
        try #require(held.count == 300)
        _ = try await postponing.postpone(held.map { postponement($0, after: ["x"], in: .seconds(1)) })
        let gone = held.dropLast().map(\.message.id)
        #expect(try await broker.withdraw(gone).count == 299)
        func rows() async throws -> Int? { try await broker.file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM prerequisite") } }
        for round in 0..<6 {
            fixture.clock.advance(by: .seconds(2))
            held = try await worker.takeAll()
            try #require(held.names == ["299"])
            _ = try await postponing.postpone([postponement(held[0], after: ["x"], in: .seconds(1))])
            if round == 0 { #expect(try await rows().map { 200 <= $0 && $0 <= 250 } == true) }
        }
        #expect(try await rows() == 1)
    }
}
