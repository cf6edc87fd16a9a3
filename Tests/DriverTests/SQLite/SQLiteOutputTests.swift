import CeleryCore
import CeleryDB
import Fixtures
import ResultStores
import SQLite
import Testing

/// What attempts wrote, in a file.
@Suite struct SQLiteOutputTests {
    private let folder = TemporaryFolder()

    private func output(_ id: String, _ attempt: Int, _ text: String, isFinal: Bool = true) -> AttemptOutput {
        AttemptOutput(
            id: TaskID(id), attempt: attempt, isFinal: isFinal, content: TaskOutput(pieces: [.bytes(.stdout, Array(text.utf8))]).encoded)
    }

    @Test func `expires with the result, or before it`() async throws {
        for (outputExpires, end) in [(nil, 60), (10, 10)] as [(Double?, Double)] {
            let clock = ManualClock()
            let file = try DatabaseFile(path: folder.file("\(TaskID().text).db"))
            let store = SQLiteResultStore(file: file, expires: 60, outputExpires: outputExpires) { clock.now }
            try await store.store([TaskResult(id: TaskID("a"), state: .success)])
            try await store.keep([output("a", 1, "one")])
            clock.advance(by: .seconds(end - 1))
            #expect(try await store.outputs(of: TaskID("a"), from: 1).count == 1)
            #expect(try await store.dropExpired(now: clock.now, limit: 100) == 0)
            clock.advance(by: .seconds(1))
            #expect(try await store.outputs(of: TaskID("a"), from: 1).isEmpty)
            _ = try await store.dropExpired(now: clock.now, limit: 100)
            #expect(try await store.file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM output") } == 0)
            #expect(try await store.results(for: [TaskID("a")]).isEmpty == (end == 60))
        }
    }

    @Test func `a file of layout 2 gets the table and keeps its rows`() async throws {
        let folder = TemporaryFolder()
        let path = folder.file("celery.db")
        let before = SQLiteResultStore(file: try DatabaseFile(path: path), expires: nil)
        try await before.store([TaskResult(id: TaskID("a"), state: .success, value: 5)])
        try await before.file.write { db in
            try db.execute(sql: "DROP TABLE output")
            try db.execute(sql: "PRAGMA user_version = 2")
        }
        await before.close()
        let after = SQLiteResultStore(file: try DatabaseFile(path: path), expires: nil)
        #expect(try await after.results(for: [TaskID("a")])[TaskID("a")]?.value == 5)
        try await after.keep([output("a", 1, "one")])
        #expect(try await after.outputs(of: TaskID("a"), from: 1).count == 1)
        #expect(try DatabaseFile.layout(of: path) == Schema.version)
        await after.close()
    }
}
