import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import SQLite
import Testing

/// The order in which a SQLite file hands over what waits.
@Suite struct SQLiteCommandTests {
    private let clock = ManualClock()
    private let folder = TemporaryFolder()

    private func broker(ageing: Double? = nil, weights: [String: Int] = [:]) throws -> SQLiteBroker {
        SQLiteBroker(
            file: try DatabaseFile(path: folder.file("celery.db")), resultExpires: nil, ranking: MessageRanking(ageing: ageing),
            queueWeights: weights, processLives: { _ in true }, now: { [clock] in clock.now })
    }

    private func consumer(_ broker: SQLiteBroker, of queues: [String] = ["celery"]) async throws -> any BrokerConsumer {
        try await broker.consumer(of: queues, as: WorkerIdentity(id: TaskID().text, name: "w", pid: 1, process: "p"))
    }

    @Test func `a full queue keeps no other waiting, and weights say how many turns each has`() async throws {
        let broker = try broker(weights: ["images": 3])
        try await broker.publish((0..<100).map { Message("image \($0)", queue: "images", priority: 9) })
        try await broker.publish((0..<100).map { Message("mail \($0)", queue: "mail") })
        let worker = try await consumer(broker, of: ["images", "mail", "empty"])
        for round in 0..<5 {
            let names = try await worker.take(8).names
            #expect(names.count == 8 && names.count { $0.hasPrefix("mail") } == 2, "round \(round)")
        }
        var ones: [String] = []
        for _ in 0..<8 { ones += try await worker.take(1).names }
        #expect(ones.count { $0.hasPrefix("mail") } == 2)
        // What one does not use the other gets.
        #expect(try await worker.take(1_000).count == 200 - 48)
    }

    @Test func `a message that has waited for long comes before a newer one of a higher priority`() async throws {
        let broker = try broker(ageing: 60)
        func publish(_ name: String, _ priority: Int, eta: Timestamp? = nil) async throws {
            try await broker.publish([Message(name, priority: priority, eta: eta)])
        }
        try await publish("old", 0)
        clock.advance(by: .seconds(100))
        try await publish("a step up", 1)
        try await publish("two up", 2)
        clock.advance(by: .seconds(10))
        try await publish("new, two up", 2)
        try await publish("new", 0)
        #expect(try await consumer(broker).take(10).names == ["two up", "new, two up", "old", "a step up", "new"])
    }

    @Test func `what comes back or is tried again keeps its place in time`() async throws {
        let broker = try broker(ageing: 60)
        try await broker.publish([Message("a", priority: 1), Message("b")])
        let worker = try await consumer(broker)
        let taken = try await worker.take(2)
        try await worker.giveBack(taken.map(\.handle), started: false)
        #expect(try await worker.take(2).names == ["a", "b"])
        // Waiting for a time begins then.
        try await broker.publish([Message("later", eta: clock.now + .seconds(100))])
        clock.advance(by: .seconds(100))
        try await broker.publish([Message("now", priority: 1)])
        #expect(try await worker.take(2).names == ["now", "later"])
    }

    @Test func `without ageing priority alone counts`() async throws {
        let broker = try broker()
        try await broker.publish([Message("old")])
        clock.advance(by: .seconds(1e6))
        try await broker.publish([Message("new", priority: 1)])
        #expect(try await consumer(broker).take(2).names == ["new", "old"])
    }

    @Test func `reads no more of the ready messages than it takes`() async throws {
        let broker = try broker(ageing: 60)
        let plan = try await broker.file.read { db in
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN SELECT tag FROM ready WHERE queue = 'celery' ORDER BY rank, tag LIMIT 8").map { $0["detail"] as String }
        }
        #expect(plan == ["SEARCH ready USING PRIMARY KEY (queue=?)"])
    }
}
