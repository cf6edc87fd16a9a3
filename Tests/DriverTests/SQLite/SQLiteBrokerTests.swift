import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import Processes
import ResultStores
import SQLite
import Testing

@Suite(.timeLimit(.minutes(3))) struct SQLiteBrokerTests {
    @Test(arguments: ["message", "result", "lease", "ready"])
    func `an atomic settle that fails leaves all as it was`(_ table: String) async throws {
        let fixture = SQLiteBrokerFixture()
        let broker = try fixture.open()
        try await broker.publish([Message("a"), Message("b")])
        let worker = try await fixture.worker(on: broker)
        let consumer = try #require(worker.consumer as? any AtomicSettling)
        let deliveries = try await worker.takeAll()
        let outcomes = deliveries.map {
            Outcome($0, results: [TaskResult(id: $0.message.id, state: .success, value: 1)], followUps: [Message("next")])
        }
        // The database itself refuses the last step of the second outcome.
        let event = ["message": "DELETE ON message", "result": "INSERT ON result", "lease": "DELETE ON lease", "ready": "INSERT ON ready"][table]!
        try await broker.file.write { db in
            try db.execute(sql: "CREATE TABLE count (n)")
            try db.execute(
                sql: """
                    CREATE TRIGGER refuse BEFORE \(event) BEGIN
                        INSERT INTO count VALUES (1);
                        SELECT RAISE(ABORT, 'refused') FROM count HAVING count(*) = 2;
                    END
                    """)
        }
        await #expect(throws: DriverError.self) { try await consumer.settleAtomically(outcomes) }
        try await broker.file.write { try $0.execute(sql: "DROP TRIGGER refuse") }
        let store = SQLiteResultStore(file: broker.file, expires: nil)
        #expect(try await store.results(for: deliveries.map(\.message.id)).isEmpty)
        #expect(try await worker.names() == [])
        #expect(try await consumer.settleAtomically(outcomes) == [true, true])
        #expect(try await store.results(for: deliveries.map(\.message.id)).count == 2)
        #expect(try await worker.names() == ["next", "next"])
    }

    @Test func `results settled with a delivery expire as the others`() async throws {
        let fixture = SQLiteBrokerFixture()
        let broker = try fixture.open(resultExpires: 60)
        let store = SQLiteResultStore(file: broker.file, expires: 60) { fixture.clock.now }
        try await broker.publish([Message("a")])
        let worker = try await fixture.worker(on: broker)
        let delivery = try #require(try await worker.takeAll().first)
        let consumer = try #require(worker.consumer as? any AtomicSettling)
        _ = try await consumer.settleAtomically([Outcome(delivery, results: [TaskResult(id: delivery.message.id, state: .success)])])
        fixture.clock.advance(by: .seconds(59))
        #expect(try await store.results(for: [delivery.message.id]).count == 1)
        fixture.clock.advance(by: .seconds(1))
        #expect(try await store.results(for: [delivery.message.id]).isEmpty)
    }

    @Test func `a message nobody can read is handed over as such`() async throws {
        let fixture = SQLiteBrokerFixture()
        let broker = try fixture.open()
        try await broker.publish([Message("good"), Message("damaged"), Message("fine")])
        try await broker.file.write { try $0.execute(sql: "UPDATE message SET headers = x'7B' WHERE task = 'damaged'") }
        let deliveries = try await fixture.worker(on: broker).takeAll()
        try #require(deliveries.names == ["good", "damaged", "fine"])
        #expect(deliveries.map { $0.defect?.hasID } == [nil, true, nil])
        let id = try await broker.file.read { try String.fetchOne($0, sql: "SELECT id FROM message WHERE task = 'damaged'") }
        #expect(deliveries[1].message.id.text == id)
    }
}
