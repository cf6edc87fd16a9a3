import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import Glibc
import Processes
import SQLite
import Testing

/// Several processes on one file.
@Suite(.timeLimit(.minutes(3))) struct SQLiteProcessesTests {
    let folder = TemporaryFolder()
    let probe = BuiltProgram("DriverProbe")
    var path: String { folder.file("celery.db") }

    /// A broker that asks the kernel who lives.
    private func broker() throws -> SQLiteBroker {
        SQLiteBroker(file: try DatabaseFile(path: path), resultExpires: nil) { text in
            switch ProcessIdentity(text)?.liveness {
            case .alive: true
            case .dead: false
            case .unknown, nil: nil
            }
        }
    }

    private func consumer(of broker: SQLiteBroker) async throws -> any BrokerConsumer {
        let identity = WorkerIdentity(
            id: TaskID().text, name: "test", pid: Int(getpid()), process: ProcessIdentity.current?.description ?? "")
        return try await broker.consumer(of: ["celery"], as: identity)
    }

    @Test func `what a killed process held comes back at once`() async throws {
        let broker = try broker()
        try await broker.publish([Message("a"), Message("b")])
        let held = try Conversation(probe.spawn(["hold", path]))
        #expect(try held.readLine() == "holding 2")
        let survivor = try await consumer(of: broker)
        let holder = try #require(survivor as? any LeaseHolding)
        #expect(try await holder.renewLease().isEmpty)
        #expect(try await survivor.take(10).isEmpty)
        try held.process.signal(SIGKILL)
        // Until it is waited for it is a zombie, which holds nothing either.
        #expect(try held.process.waitUntilEnded(timeout: .seconds(30)))
        let dead = try await holder.renewLease()
        #expect(dead.map(\.worker) == ["probe"])
        #expect(dead.map(\.messages) == [2])
        #expect(try await survivor.take(10).map(\.handle.attempt) == [2, 2])
        _ = try held.end()
    }

    @Test func `processes that create it at once, publish and take lose nothing and double nothing`() async throws {
        let publishers = try (0..<4).map { _ in try probe.spawn(["publish", path, "25"]).start() }
        for publisher in publishers { #expect(try publisher.wait().status == .exited(0)) }
        #expect(Set(folder.names).isSubset(of: ["celery.db", "celery.db-shm", "celery.db-wal"]))
        let drains = try (0..<3).map { _ in try Conversation(probe.spawn(["drain", path])) }
        let ids = try drains.flatMap { try $0.end().split(separator: "\n") }
        #expect(ids.count == 100)
        #expect(Set(ids).count == 100)
    }

    @Test func `a commit of another process wakes those who watch`() async throws {
        let file = try DatabaseFile(path: path)
        let seen = file.watch.generation
        async let wait: Void = file.watch.wait(since: seen, until: .now + .seconds(60))
        let publisher = try probe.spawn(["publish", path, "1"]).start()
        await wait
        #expect(file.watch.generation > seen)
        #expect(try publisher.wait().status == .exited(0))
    }

    @Test func `an idle wait uses no processor time`() throws {
        // Polling a hundred times a second would use more than this in two seconds, each time; a busy machine does once in a while.
        let isQuiet = try eventually {
            let (output, status) = try probe.run("idle", path)
            #expect(status == .exited(0))
            return try #require(Int(output.dropLast())) < Int(5_000 * Machine.factor)
        }
        #expect(isQuiet)
    }

    @Test(.enabled(if: Python.path != nil, "needs python3 with sqlite3"))
    func `a reader of another program holds up nobody`() async throws {
        let broker = try broker()
        try await broker.publish([Message("a")])
        let reader = try Conversation(Python.spawn(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1], isolation_level=None)
            db.execute("BEGIN")
            count = lambda: print(db.execute("SELECT count(*) FROM message").fetchone()[0], flush=True)
            count()
            sys.stdin.readline()
            count()
            db.execute("COMMIT")
            count()
            """, path))
        #expect(try reader.readLine() == "1")
        let worker = try await consumer(of: broker)
        for number in 0..<20 { try await broker.publish([Message("\(number)")]) }
        let deliveries = try await worker.take(11)
        #expect(try await worker.settle(deliveries.outcomes).allSatisfy { $0 })
        try reader.write("\n")
        #expect(try reader.readLine() == "1")
        #expect(try reader.readLine() == "10")
        _ = try reader.end()
    }

    @Test(.enabled(if: Python.path != nil, "needs python3 with sqlite3"))
    func `waits for the lock of another program`() async throws {
        let broker = try broker()
        try await broker.publish([Message("a")])
        let writer = try Conversation(Python.spawn(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1], isolation_level=None)
            db.execute("BEGIN IMMEDIATE")
            print("locked", flush=True)
            sys.stdin.readline()
            db.execute("COMMIT")
            """, path))
        #expect(try writer.readLine() == "locked")
        async let publishing: Void = broker.publish([Message("b")])
        try await Task.sleep(for: .milliseconds(50))
        try writer.write("\n")
        try await publishing
        _ = try writer.end()
        #expect(try await consumer(of: broker).take(10).names == ["a", "b"])
    }

    /// SQLite's locks are POSIX locks: whoever closes any descriptor of the file loses them
    /// all, and the last of the others to close then takes the WAL away from under its feet.
    @Test(.enabled(if: Python.path != nil, "needs python3 with sqlite3"))
    func `opening the file again in one process does not lose what is written`() async throws {
        let broker = try broker()
        try await broker.publish([Message("a")])
        let second = try DatabaseFile(path: path)
        #expect(try DatabaseFile.exists(path))
        let script = """
            import sqlite3, sys
            print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM message").fetchone()[0])
            """
        #expect(try capture(Python.spawn(script, path)).output == "1\n")
        try await broker.publish([Message("b")])
        #expect(try await second.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM message") } == 2)
        #expect(try capture(Python.spawn(script, path)).output == "2\n")
    }
}
