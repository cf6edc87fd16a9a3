import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import Glibc
import Processes
import SQLite
import Testing
import Wire

/// Giving space back that a burst has left.
@Suite(.timeLimit(.minutes(3))) struct SQLiteSpaceTests {
    let fixture = SQLiteBrokerFixture()

    private var size: Int {
        var status = stat()
        stat(fixture.path, &status)
        return Int(status.st_size)
    }

    /// Some megabytes come and go.
    private func burst(_ broker: SQLiteBroker) async throws {
        let body = BodyCodec.encode(TaskArguments(args: [.string(String(repeating: "x", count: 2_000))]))
        try await broker.publish((0..<2_000).map { _ in Message(task: "t", body: body) })
        _ = try await broker.purge(nil)
        try await broker.publish([Message("stays")])
    }

    @Test func `a file shrinks after a burst when nothing else is to be done`() async throws {
        let broker = try fixture.open()
        #expect(try await !broker.file.space().isWasted)
        try await burst(broker)
        #expect(try await broker.file.space().isWasted)
        let before = size
        let worker = try await fixture.worker(on: broker)
        let returning = try #require(worker.consumer as? any SpaceReturning)
        #expect(try await returning.returnSpace(within: .zero))
        #expect(try await !returning.returnSpace(within: .seconds(60)))
        let space = try await broker.file.space()
        #expect(space.freePages == 0 && !space.isWasted)
        #expect(size < before / 4)
        #expect(size == space.pages * 4_096)
        #expect(try await worker.names() == ["stays"])
        try await broker.file.check()
    }

    @Test(.enabled(if: Python.path != nil, "needs python3 with sqlite3"))
    func `a file of an earlier version shrinks only after it was written anew`() async throws {
        try fixture.open().file.close()
        let script = """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1])
            db.execute("PRAGMA auto_vacuum = NONE")
            db.execute("VACUUM")
            """
        #expect(try capture(Python.spawn(script, fixture.path)).status == .exited(0))
        let broker = try fixture.open()
        try await burst(broker)
        let before = size
        let worker = try await fixture.worker(on: broker)
        #expect(try await #require(worker.consumer as? any SpaceReturning).returnSpace(within: .seconds(60)) == false)
        #expect(try await broker.file.space().canShrink == false)
        #expect(size >= before)
        try await broker.file.rewrite()
        #expect(size < before / 4)
        #expect(try await broker.file.space().canShrink)
        #expect(try await worker.names() == ["stays"])
        await broker.close()
    }
}
