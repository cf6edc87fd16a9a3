import Brokers
import CeleryCore
import Fixtures
import ResultStores
import SQLite
import Testing

@Suite(.timeLimit(.minutes(3))) struct AMQPResultStoreTests {
    @Test(arguments: ResultStorePromise.all(of: RPCResultStoreFixture.self))
    func `by message to the sender, keeps the promise`(_ promise: ResultStorePromise) async throws {
        try await promise.check(RPCResultStoreFixture.self)
    }

    @Test(arguments: ResultStorePromise.all(of: QueueResultStoreFixture.self))
    func `by a queue for each, keeps the promise`(_ promise: ResultStorePromise) async throws {
        try await promise.check(QueueResultStoreFixture.self)
    }

    @Test func `results that cannot be kept stay in the mailbox, and whoever waits is told`() async throws {
        let place = try AMQPPlace(), folder = TemporaryFolder()
        let file = try DatabaseFile(path: folder.file("celery.db"))
        try await file.write { db in
            try db.execute(sql: "CREATE TRIGGER full BEFORE INSERT ON result WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        }
        let broker = try place.broker()
        let store = RPCResultStore(broker: broker, mailbox: ReplyMailbox(owner: folder.path, expires: nil)) {
            SQLiteResultStore(file: file, expires: nil)
        }
        _ = try await store.results(for: [TaskID("nobody's")])
        func send(_ id: String) async throws {
            var result = TaskResult(id: TaskID(id), state: .success, value: 1)
            result.replyTo = store.replyAddress
            try await store.store([result])
        }
        // One look for what is there, and one that goes on.
        try await send("bad")
        let time = await ContinuousClock().measure {
            let error = await #expect(throws: DriverError.self) { try await store.results(for: [TaskID("bad")]) }
            #expect(error?.message.contains("disk full") == true)
        }
        // Without the error it waits for a minute.
        #expect(time < .seconds(40))
        let told = await #expect(throws: DriverError.self) {
            for _ in 0..<100 { try await store.waitForChange(since: await store.mark(), until: .now + .milliseconds(100)) }
        }
        #expect(told?.message.contains("disk full") == true)
        // What comes later must not take the others with it.
        for number in 0..<5 {
            try await send("good \(number)")
            try await Task.sleep(for: .milliseconds(200))
        }
        try await file.write { try $0.execute(sql: "DROP TRIGGER full") }
        let ids = ["bad"] + (0..<5).map { "good \($0)" }
        let found = try await promptly("the arrival of all results", within: .seconds(30)) {
            while true {
                try? await store.waitForChange(since: await store.mark(), until: .now + .milliseconds(100))
                let found = try await store.results(for: ids.map(TaskID.init))
                if found.count == ids.count { return found }
            }
        }
        #expect(found.values.allSatisfy { $0.state == .success })
        await store.close()
        await broker.close()
    }
}

/// `rpc://`: sent to the mailbox of a project, and kept in its file.
final class RPCResultStoreFixture: ResultStoreFixture {
    static let powers: Set<ResultStorePower> = [.attempts, .oneRecord, .ownFields, .manyAtOnce, .watching]

    let clock = ManualClock()
    private let folder = TemporaryFolder()
    private let place: AMQPPlace

    init() throws { place = try AMQPPlace() }

    func connect(expires: Double?) throws -> any ResultStore {
        let mailbox = ReplyMailbox(owner: folder.path, expires: expires)
        let store = RPCResultStore(broker: try place.broker(), mailbox: mailbox) { [self] in
            SQLiteResultStore(file: try DatabaseFile(path: folder.file("celery.db")), expires: expires) { [self] in clock.now }
        }
        return AddressedResults(base: store, keeper: self)
    }
}

/// Gives results the address that messages of the project would have given them.
private struct AddressedResults: ResultStore, ResultWatching {
    let base: RPCResultStore
    /// Keeps the place while a connection is in use.
    let keeper: RPCResultStoreFixture
    var location: String { base.location }

    func store(_ results: [TaskResult]) async throws {
        // Submitting makes the mailbox; so does looking into it.
        _ = try await base.results(for: [TaskID("nobody's")])
        try await base.store(
            results.map { result in
                var addressed = result
                addressed.replyTo = base.replyAddress
                return addressed
            })
    }

    func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] { try await base.results(for: ids) }
    func forget(_ ids: [TaskID]) async throws -> Int { try await base.forget(ids) }
    func mark() async -> ResultMark { await base.mark() }
    func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        try await base.waitForChange(since: mark, until: deadline)
    }
    func close() async { await base.close() }
}

/// `amqp://`: a queue for each result.
final class QueueResultStoreFixture: ResultStoreFixture {
    static let powers: Set<ResultStorePower> = [.attempts, .ownFields]

    let clock = ManualClock()
    private let place: AMQPPlace

    init() throws { place = try AMQPPlace() }

    func connect(expires: Double?) throws -> any ResultStore {
        AMQPResultStore(broker: try place.broker(), expires: expires)
    }
}
