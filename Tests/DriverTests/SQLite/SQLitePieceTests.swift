import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import SQLite
import Synchronization
import Testing

/// Work on many messages, during which others write to the file.
@Suite(.timeLimit(.minutes(3))) struct SQLitePieceTests {
    let fixture = SQLiteBrokerFixture()

    private struct Interrupted: Error {}

    /// What a purge has told of its progress.
    private final class Told: Sendable {
        private let state = Mutex<[Int]>([])
        var counts: [Int] { state.withLock { $0 } }
        func add(_ count: Int) { state.withLock { $0.append(count) } }
    }

    private func rule(_ target: Revocation.Target) -> Revocation {
        Revocation(target, issued: .now, until: fixture.clock.now + .seconds(600))
    }

    @Sendable private static func ending(_ message: Message, _ attempt: Int) -> Outcome {
        let result = TaskResult(id: message.id, state: .revoked, failure: .revoked("revoked"))
        return Outcome(handle: DeliveryHandle(tag: 0, attempt: attempt), results: [result])
    }

    /// Messages that are due, and some that are to come.
    private func fill(_ broker: SQLiteBroker, _ count: Int, _ name: String, queue: String = "celery") async throws {
        let later = fixture.clock.now + .seconds(3_600)
        try await broker.publish((0..<count).map { Message(name, queue: queue, eta: $0 % 4 == 0 ? later + .seconds($0) : nil) })
    }

    private func count(_ broker: SQLiteBroker) async throws -> [Int] {
        try await broker.queues().map { $0.ready + ($0.scheduled ?? 0) }
    }

    @Test func `a rule stands before the first of many messages is removed, and others write in between`() async throws {
        let (broker, other) = (try fixture.open(), try fixture.open())
        try await fill(broker, 2_000, "many")
        try await fill(broker, 3, "few")
        let rule = rule(.task("many"))
        let lots = Mutex<[[RemovedMessage]]>([])
        let report = try await broker.revoke([rule], ending: Self.ending) { removed in
            if lots.withLock({ $0.isEmpty }) { #expect(try await other.standingCommands().revocations == [rule]) }
            lots.withLock { $0.append(removed) }
            try await other.publish([Message("meanwhile")])
        }
        let removed = lots.withLock { $0 }
        try #require(removed.count > 2)
        let first = try #require(removed[0].first)
        #expect(Set(removed.joined().map(\.id)).count == 2_000)
        #expect(report.fates == [:])
        #expect(try await count(other) == [3 + removed.count])
        #expect(try await broker.file.read { try ResultTable.fetch(first.id, now: .now, in: $0) }?.state == .revoked)
    }

    @Test func `what is left of a rule that was interrupted no worker takes before it heeds the rule`() async throws {
        let broker = try fixture.open()
        try await fill(broker, 2_000, "many")
        let worker = try await fixture.worker()
        let following = try #require(worker.consumer as? any CommandFollowing)
        _ = try await following.takeCommands()
        #expect(try await worker.take(1).names == ["many"])
        let rule = rule(.task("many"))
        await #expect(throws: Interrupted.self) {
            try await broker.revoke([rule], ending: Self.ending) { _ in throw Interrupted() }
        }
        let left = try await count(broker)
        #expect(try #require(left.first) > 1_000)
        #expect(try await worker.take(1).isEmpty)
        #expect(try await following.takeCommands().revocations == [rule])
        #expect(try await worker.take(1).isEmpty)
        // By waiting for the next it says that it knows of this one.
        let next = Task { try await following.waitForCommands() }
        #expect(try await eventually { try await worker.take(1).names == ["many"] })
        next.cancel()
    }

    @Test func `messages are revoked by id in lots too`() async throws {
        let broker = try fixture.open()
        let messages = (0..<300).map { Message("\($0)", eta: $0 % 2 == 0 ? fixture.clock.now + .seconds(60) : nil) }
        try await broker.publish(messages)
        let lots = Atomic(0)
        let report = try await broker.revoke(messages.map { rule(.id($0.id)) }, ending: Self.ending) { _ in
            lots.add(1, ordering: .relaxed)
        }
        #expect(report.fates == Dictionary(uniqueKeysWithValues: messages.map { ($0.id, .removed) }))
        #expect(lots.load(ordering: .relaxed) > 1)
        #expect(try await count(broker) == [])
        #expect(try await broker.standingCommands().revocations == [])
    }

    @Test func `queues are purged in lots, and what comes meanwhile stays`() async throws {
        let (broker, other) = (try fixture.open(), try fixture.open())
        try await fill(broker, 1_000, "a", queue: "a")
        try await fill(broker, 1_000, "b", queue: "b")
        let told = Told()
        let purging = Task { try await broker.purge(["a"]) { told.add($0) } }
        #expect(try await eventually { !told.counts.isEmpty })
        try await other.publish([Message("new", queue: "a")])
        #expect(try await purging.value == ["a": 1_000])
        #expect(Set(told.counts).count > 2)
        #expect(told.counts.last == 1_000)
        #expect(try await count(other) == [1, 1_000])
        #expect(try await broker.purge(nil) == ["a": 1, "b": 1_000])
        let tables = try await broker.file.read { db in
            try ["message", "ready", "scheduled"].map { try Int.fetchOne(db, sql: "SELECT count(*) FROM \($0)") }
        }
        #expect(tables == [0, 0, 0])
    }

    @Test func `many that become due at the same moment are moved in lots`() async throws {
        let broker = try fixture.open()
        let due = fixture.clock.now + .seconds(60)
        try await broker.publish((0..<2_500).map { _ in Message("t", eta: due) })
        fixture.clock.advance(by: .seconds(60))
        let worker = try await fixture.worker()
        #expect(try await worker.take(3_000).count == 1_000)
        #expect(try await worker.take(3_000).count == 1_000)
        #expect(try await worker.take(3_000).count == 500)
    }

    @Test func `messages are withdrawn in lots`() async throws {
        let broker = try fixture.open()
        let messages = (0..<300).map { Message("\($0)", eta: $0 % 2 == 0 ? fixture.clock.now + .seconds(60) : nil) }
        try await broker.publish(messages)
        #expect(try await broker.withdraw(messages.map(\.id)) == Set(messages.map(\.id)))
        #expect(try await count(broker) == [])
    }

    @Test func `a key that is over is free again`() async throws {
        let broker = try fixture.open()
        let (first, second) = (Message("a"), Message("b"))
        #expect(try await broker.publish(first, key: "k", ttl: .seconds(10)) == first.id)
        fixture.clock.advance(by: .seconds(9))
        #expect(try await broker.publish(second, key: "k", ttl: .seconds(10)) == first.id)
        fixture.clock.advance(by: .seconds(1))
        #expect(try await broker.publish(second, key: "k", ttl: .seconds(10)) == second.id)
    }
}
