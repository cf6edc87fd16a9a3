import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import Glibc
import Processes
import SQLite
import Testing

@Suite(.timeLimit(.minutes(3))) struct SQLiteBeatTests {
    @Test func `a message whose result is stored is not sent again`() async throws {
        let fixture = SQLiteBrokerFixture()
        let beat = try await fixture.beat("a")
        _ = try await beat.takeTheLead()
        let message = Message("1")
        #expect(try await beat.seat.send([message], writing: [], settling: []))
        let worker = try await fixture.worker()
        let consumer = try #require(worker.consumer as? any AtomicSettling)
        let delivery = try #require(try await worker.takeAll().first)
        // While it runs, and when it is done.
        #expect(try await beat.seat.send([message], writing: [], settling: []))
        _ = try await consumer.settleAtomically([Outcome(delivery, results: [TaskResult(id: message.id, state: .success)])])
        #expect(try await beat.seat.send([message, Message("2")], writing: [], settling: []))
        #expect(try await worker.names() == ["2"])
        await beat.seat.close()
    }

    @Test(arguments: ["INSERT ON message", "INSERT ON beat_entry", "DELETE ON beat_order"])
    func `what fails in the middle changes nothing`(_ event: String) async throws {
        let fixture = SQLiteBrokerFixture()
        let broker = try fixture.open()
        let beat = try await fixture.beat("a")
        try await broker.tell(.resume(entry: "a"), in: "celery")
        let commands = try await beat.takeTheLead().commands
        let record = EntryRecord(name: "a", schedule: "every 1s", since: Timestamp(seconds: 1))
        try await broker.file.write { try $0.execute(sql: "CREATE TRIGGER refuse BEFORE \(event) BEGIN SELECT RAISE(ABORT, 'no'); END") }
        await #expect(throws: DriverError.self) {
            try await beat.seat.send([Message("1")], writing: [record], settling: commands.map(\.number))
        }
        #expect(try await beat.seat.lead()?.records == [:])
        #expect(try await broker.state(of: "celery").commands.count == 1)
        try await broker.file.write { try $0.execute(sql: "DROP TRIGGER refuse") }
        #expect(try await beat.seat.send([Message("1")], writing: [record], settling: commands.map(\.number)))
        #expect(try await beat.seat.lead() == broker.state(of: "celery"))
        #expect(try await broker.file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM message") } == 1)
        await beat.seat.close()
    }

    @Test func `what workers do wakes no beat`() async throws {
        let fixture = SQLiteBrokerFixture()
        let beat = try await fixture.beat("a")
        _ = try await beat.takeTheLead()
        let broker = try fixture.open()
        let deadline = ContinuousClock.now + .milliseconds(400)
        let wait = Task {
            await beat.seat.waitForChange(until: deadline)
            return ContinuousClock.now
        }
        while .now < deadline { try await broker.publish([Message("a")]) }
        #expect(await wait.value >= deadline)
        await beat.seat.close()
    }
}

/// Leaders in processes of their own.
@Suite(.timeLimit(.minutes(3))) struct SQLiteBeatProcessTests {
    let folder = TemporaryFolder()
    var path: String { folder.file("celery.db") }

    private func seat() async throws -> any BeatSeat {
        let broker = SQLiteBroker(file: try DatabaseFile(path: path), resultExpires: nil) { text in
            switch ProcessIdentity(text)?.liveness {
            case .alive: true
            case .dead: false
            case .unknown, nil: nil
            }
        }
        let identity = WorkerIdentity(
            id: TaskID().text, name: "test", pid: Int(getpid()), process: ProcessIdentity.current?.description ?? "")
        return try await broker.seat(in: "celery", as: identity)
    }

    @Test func `a killed leader is replaced at once`() async throws {
        let probe = try Conversation(BuiltProgram("DriverProbe").spawn(["lead", "sqlite", path]))
        #expect(try probe.readLine() == "leads")
        let seat = try await seat()
        #expect(try await seat.lead() == nil)
        try probe.process.signal(SIGKILL)
        #expect(try probe.process.waitUntilEnded(timeout: .seconds(30)))
        #expect(try await seat.lead()?.records["probe"] != nil)
        await seat.close()
        _ = try probe.end()
    }

    @Test func `a stopped leader is replaced within seconds, and knows when it goes on`() async throws {
        let probe = try Conversation(BuiltProgram("DriverProbe").spawn(["lead", "sqlite", path]))
        #expect(try probe.readLine() == "leads")
        let seat = try await seat()
        #expect(try await seat.lead() == nil)
        try probe.process.signal(SIGSTOP)
        let start = ContinuousClock.now
        #expect(try await eventually { try await seat.lead() != nil })
        #expect(.now - start > .seconds(3))
        // Ten and some, on a machine that may be busy.
        #expect(.now - start < .seconds(45).onThisMachine)
        #expect(try await seat.send([], writing: [EntryRecord(name: "mine", schedule: "", since: .now)], settling: []))
        try probe.process.signal(SIGCONT)
        #expect(try probe.readLine() == "replaced")
        #expect(try await seat.lead()?.records.keys.sorted() == ["mine", "probe"])
        try probe.process.signal(SIGKILL)
        await seat.close()
        _ = try probe.end()
    }
}
