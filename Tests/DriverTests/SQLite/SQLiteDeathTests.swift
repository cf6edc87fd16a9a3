import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import Glibc
import Processes
import ResultStores
import SQLite
import Testing

/// What a SQLite file knows of the death of workers, and of dead letters, beyond what every broker promises.
@Suite(.timeLimit(.minutes(3))) struct SQLiteDeathTests {
    /// A worker with a flight record, and its only child's slot.
    private func worker(
        _ fixture: SQLiteBrokerFixture, _ name: String
    ) async throws -> (worker: TestWorker, path: String, slot: FlightRecord) {
        let worker = try await fixture.worker(name)
        let path = try #require((worker.consumer as? any FlightRecording)?.makeFlightRecord())
        return (worker, path, try FlightRecord(FlightRecord.open(path), slot: 3))
    }

    @Test func `a death is laid to what had begun, and to nothing else`() async throws {
        let fixture = SQLiteBrokerFixture()
        try await fixture.connect().publish([Message("ended"), Message("guilty"), Message("innocent")])
        for round in 0..<3 {
            let (doomed, path, slot) = try await worker(fixture, "doomed")
            let deliveries = try await doomed.takeAll()
            try #require(deliveries.map(\.crashes) == [0, round, 0])
            #expect(deliveries.map(\.doubts) == [round, 0, 0])
            // Attempts of all are used up: it is not known what may still be heard of them.
            #expect(deliveries.attempts == [round + 1, round + 1, round + 1])
            let other = try FlightRecord(FlightRecord.open(path), slot: 4)
            other.begin(FlightRecord.Entry(tag: deliveries[0].handle.tag, attempt: deliveries[0].handle.attempt))
            other.end()
            slot.begin(FlightRecord.Entry(tag: deliveries[1].handle.tag, attempt: deliveries[1].handle.attempt))
            let survivor = try await fixture.worker("survivor")
            await fixture.kill(doomed)
            try await fixture.lookAfterTheDead(survivor)
            #expect(access(path, F_OK) != 0)
        }
        let deliveries = try await fixture.worker("last").takeAll()
        #expect(deliveries.map(\.crashes) == [0, 3, 0])
        // It had ended, and nobody had heard of it.
        #expect(deliveries.map(\.doubts) == [3, 0, 0])
    }

    @Test func `what is taken for a worker that was found dead is found with it, too`() async throws {
        let fixture = SQLiteBrokerFixture()
        let doomed = try await fixture.worker("doomed")
        let survivor = try await fixture.worker("survivor")
        await fixture.kill(doomed)
        try await fixture.lookAfterTheDead(survivor)
        // As a server does, with a request that the worker made before its death.
        try await fixture.connect().publish([Message("a")])
        #expect(try await doomed.consumer.take(1).names == ["a"])
        try await fixture.lookAfterTheDead(survivor)
        #expect(try await survivor.takeAll().names == ["a"])
    }

    @Test func `what stands in a slot since an earlier attempt says nothing`() async throws {
        let fixture = SQLiteBrokerFixture()
        try await fixture.connect().publish([Message("a")])
        let (doomed, _, slot) = try await worker(fixture, "doomed")
        let first = try #require(try await doomed.takeAll().first)
        slot.begin(FlightRecord.Entry(tag: first.handle.tag, attempt: first.handle.attempt))
        try await doomed.consumer.giveBack(crashed: [first.handle])
        let second = try #require(try await doomed.takeAll().first)
        #expect((second.handle.attempt, second.crashes) == (2, 1))
        await fixture.kill(doomed)
        let survivor = try await fixture.worker("survivor")
        try await fixture.lookAfterTheDead(survivor)
        #expect(try await survivor.takeAll().map(\.crashes) == [1])
    }

    @Test func `without a record a death is only a doubt`() async throws {
        let fixture = SQLiteBrokerFixture()
        try await fixture.connect().publish([Message("a")])
        let doomed = try await fixture.worker("doomed")
        #expect(try await doomed.takeAll().count == 1)
        await fixture.kill(doomed)
        let survivor = try await fixture.worker("survivor")
        try await fixture.lookAfterTheDead(survivor)
        let delivery = try #require(try await survivor.takeAll().first)
        #expect((delivery.crashes, delivery.doubts) == (0, 1))
    }

    @Test func `a worker that hangs has killed nothing`() async throws {
        let fixture = SQLiteBrokerFixture()
        try await fixture.connect().publish([Message("a")])
        let (hangs, path, slot) = try await worker(fixture, "hangs")
        let first = try #require(try await hangs.takeAll().first)
        slot.begin(FlightRecord.Entry(tag: first.handle.tag, attempt: first.handle.attempt))
        let lives = try await fixture.worker("lives")
        fixture.clock.advance(by: .seconds(16))
        try await fixture.lookAfterTheDead(lives)
        let second = try #require(try await lives.takeAll().first)
        #expect((second.handle.attempt, second.crashes, second.doubts) == (2, 0, 0))
        await hangs.consumer.close()
        #expect(access(path, F_OK) != 0)
    }

    @Test func `each worker is measured by the lease it chose`() async throws {
        let fixture = SQLiteBrokerFixture()
        func broker(_ lease: Duration) throws -> SQLiteBroker {
            SQLiteBroker(
                file: try DatabaseFile(path: fixture.path), resultExpires: nil, leaseLength: lease, processLives: { _ in true },
                now: { [clock = fixture.clock] in clock.now })
        }
        try await fixture.connect().publish([Message("a"), Message("b")])
        let patient = try await fixture.worker("patient", on: broker(.seconds(60)))
        let hasty = try await fixture.worker("hasty", on: broker(.seconds(3)))
        #expect(try await patient.take(1).count == 1)
        #expect(try await hasty.take(1).count == 1)
        let judge = try await fixture.worker("judge", on: broker(.seconds(3)))
        fixture.clock.advance(by: .seconds(4))
        #expect(try await (judge.consumer as? any LeaseHolding)?.renewLease().map(\.worker) == ["hasty"])
        fixture.clock.advance(by: .seconds(57))
        #expect(try await (judge.consumer as? any LeaseHolding)?.renewLease().map(\.worker) == ["patient"])
    }

    @Test func `says beforehand which outcomes would come too late`() async throws {
        let fixture = SQLiteBrokerFixture()
        try await fixture.connect().publish([Message("a"), Message("b")])
        let slept = try await fixture.worker("slept")
        let checking = try #require(slept.consumer as? any LeaseChecking)
        let deliveries = try await slept.takeAll()
        try #require(try await checking.stillHolds(deliveries.map(\.handle)) == [true, true])
        #expect(try await slept.consumer.settle([deliveries[0]].outcomes) == [true])
        #expect(try await checking.stillHolds(deliveries.map(\.handle)) == [false, true])
        let other = try await fixture.worker("other")
        fixture.clock.advance(by: .seconds(16))
        try await fixture.lookAfterTheDead(other)
        #expect(try await checking.stillHolds(deliveries.map(\.handle)) == [false, false])
        #expect(try await other.takeAll().attempts == [2])
        #expect(try await checking.stillHolds(deliveries.map(\.handle)) == [false, false])
    }

    @Test func `a letter moves with the result of its task, or not at all`() async throws {
        let fixture = SQLiteBrokerFixture()
        let broker = try fixture.open()
        let store = SQLiteResultStore(file: broker.file, expires: nil)
        try await broker.publish([Message("a")])
        let worker = try await fixture.worker(on: broker)
        let delivery = try #require(try await worker.takeAll().first)
        let id = delivery.message.id
        let consumer = try #require(worker.consumer as? any AtomicSettling)
        let burial = Burial(.lost, error: "E", date: fixture.clock.now, worker: "w", attempts: 1)
        let failed = TaskResult(id: id, state: .failure, failure: .workerLost("x"))
        let outcome = Outcome(handle: delivery.handle, results: [failed], disposition: .bury(delivery.message, burial))
        try await broker.file.write { try $0.execute(sql: "CREATE TRIGGER refuse BEFORE INSERT ON dead_letter BEGIN SELECT RAISE(ABORT, 'no'); END") }
        await #expect(throws: DriverError.self) { try await consumer.settleAtomically([outcome]) }
        #expect(try await store.results(for: [id]).isEmpty)
        try await broker.file.write { try $0.execute(sql: "DROP TRIGGER refuse") }
        #expect(try await consumer.settleAtomically([outcome]) == [true])
        #expect(try await store.results(for: [id])[id]?.state == .failure)

        // And back.
        #expect(broker.replayClears(store))
        #expect(try await broker.replay(DeadLetterFilter(), limit: 1, to: nil).map(\.refusal) == [nil])
        #expect(try await store.results(for: [id]).isEmpty)
        let again = try #require(try await worker.takeAll().first)
        let success = TaskResult(id: id, state: .success, value: 1)
        #expect(try await consumer.settleAtomically([Outcome(again, results: [success])]) == [true])
        #expect(try await store.results(for: [id])[id]?.state == .success)
        // The first attempt has nothing more to say.
        #expect(try await consumer.settleAtomically([outcome]) == [false])
        #expect(try await broker.deadLetters(DeadLetterFilter(), limit: 9, withContent: false).isEmpty)
    }

    @Test func `a task that succeeded meanwhile is not sent again`() async throws {
        let fixture = SQLiteBrokerFixture()
        let broker = try fixture.open()
        let message = Message("a")
        try await broker.bury(message, Burial(.lost, error: "E", date: fixture.clock.now, worker: "w", attempts: 1))
        try await SQLiteResultStore(file: broker.file, expires: nil).store([TaskResult(id: message.id, state: .success)])
        let replays = try await broker.replay(DeadLetterFilter(), limit: 1, to: nil)
        #expect(replays.map(\.refusal) == ["task id \(message.id) is already in use: its result is stored"])
        #expect(try await broker.deadLetters(DeadLetterFilter(), limit: 9, withContent: false).count == 1)
    }

    @Test func `what nobody can read is kept with its bytes, and sent again as it is`() async throws {
        let fixture = SQLiteBrokerFixture()
        let broker = try fixture.open()
        try await broker.publish([Message("damaged")])
        try await broker.file.write { try $0.execute(sql: "UPDATE message SET headers = x'7BFF', body = x'00FF'") }
        let worker = try await fixture.worker(on: broker)
        let delivery = try #require(try await worker.takeAll().first)
        let burial = Burial(.unreadable, error: "E", date: fixture.clock.now, worker: "w", attempts: 1)
        _ = try await worker.consumer.settle([Outcome(handle: delivery.handle, results: [], disposition: .bury(delivery.message, burial))])
        let letter = try #require(try await broker.deadLetters(DeadLetterFilter(), limit: 1, withContent: true).first)
        #expect(letter.key == delivery.message.id.text)
        #expect(letter.content == DeadLetter.Content(headers: [0x7B, 0xFF], properties: [], body: [0, 0xFF], message: nil))
        #expect(try await broker.replay(DeadLetterFilter(), limit: 1, to: "orders").map(\.refusal) == [nil])
        let row = try await broker.file.read { try String.fetchAll($0, sql: "SELECT hex(headers) || hex(body) || queue FROM message") }
        #expect(row == ["7BFF00FForders"])
        #expect(try await fixture.worker(of: ["orders"]).takeAll().map { $0.defect != nil } == [true])
    }
}
