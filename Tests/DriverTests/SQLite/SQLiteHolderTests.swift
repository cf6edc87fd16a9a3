import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import Glibc
import Processes
import SQLite
import Testing

/// A process that is stopped while it holds the file.
@Suite(.timeLimit(.minutes(3))) struct SQLiteHolderTests {
    let folder = TemporaryFolder()
    var path: String { folder.file("celery.db") }

    /// What everybody else is told of it.
    private func expectRefusal(_ process: ProcessID, _ program: String, _ write: () async throws -> Void) async throws {
        try #require(await eventually { ProcessSight(of: process)?.suspension == .stopped })
        let error = DriverError(
            .tryAgain, "database \(path) is held by process \(process) (\(program)), which is stopped",
            hint: "resume it with 'kill -CONT \(process)', or end it with 'kill -KILL \(process)'")
        let elapsed = await ContinuousClock().measure { await #expect(throws: error) { try await write() } }
        // Eight seconds of patience, and time for a busy machine to run the commands that name the holder.
        #expect(elapsed < .seconds(20).onThisMachine)
    }

    @Test func `one that is stopped in its turn is named after some seconds, and waited for no second time`() async throws {
        let file = try DatabaseFile(path: path)
        let holder = try Conversation(BuiltProgram("DriverProbe").spawn(["stop-writing", path]))
        #expect(try holder.readLine() == "writing")
        try await expectRefusal(holder.process.id, "DriverProbe stop-writing") { try await file.write { _ in } }
        let again = await ContinuousClock().measure { await #expect(throws: DriverError.self) { try await file.write { _ in } } }
        #expect(again < .seconds(6))
        try holder.process.signal(SIGCONT)
        #expect(try holder.end() == "went on\n")
        try await file.write { _ in }
    }

    @Test(.enabled(if: Python.path != nil, "needs python3 with sqlite3"))
    func `so is another program that is stopped with SQLite's own lock, also by those who wait behind others`() async throws {
        let broker = SQLiteBroker(file: try DatabaseFile(path: path), resultExpires: nil) { _ in nil }
        let other = SQLiteBroker(file: try DatabaseFile(path: path), resultExpires: nil) { _ in nil }
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
        try writer.process.signal(SIGSTOP)
        let program = try #require(ProcessSight(of: writer.process.id)).program
        try await withThrowingTaskGroup(of: Void.self) { group in
            for broker in [broker, other] {
                group.addTask { try await expectRefusal(writer.process.id, program) { try await broker.publish([Message("a")]) } }
            }
            try await group.waitForAll()
        }
        try writer.process.signal(SIGCONT)
        try writer.write("\n")
        _ = try writer.end()
        try await broker.publish([Message("b")])
    }
}
