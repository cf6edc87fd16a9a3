import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import SQLite
import Testing

/// A file and the broker in it: what they keep over openings.
@Suite(.timeLimit(.minutes(3))) struct SQLiteFileTests {
    let folder = TemporaryFolder()
    var path: String { folder.file("celery.db") }

    @Test func `a file of layout 1 keeps its rows and gets the tables that came later`() async throws {
        let fixture = SQLiteBrokerFixture()
        let broker = try fixture.open()
        try await broker.publish([Message("before")])
        try await broker.file.write { db in
            for table in Schema.tables where !["lease", "message", "ready", "result", "scheduled", "submission_key", "worker"].contains(table) {
                try db.execute(sql: "DROP TABLE \(table)")
            }
            try db.execute(sql: "PRAGMA user_version = 1")
        }
        await broker.close()
        #expect(try DatabaseFile.layout(of: broker.file.path) == 1)
        let again = try fixture.open()
        #expect(try DatabaseFile.layout(of: broker.file.path) == Schema.version)
        let tables = try await again.file.read { db in
            try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
        }
        #expect(tables == Schema.tables)
        #expect(try await fixture.worker(on: again).names() == ["before"])
        await again.close()
    }

    @Test func `what was accepted is there after all have closed`() async throws {
        let fixture = SQLiteBrokerFixture()
        let first = try fixture.open()
        try await first.publish([Message("a")])
        await first.close()
        await #expect(throws: DriverError.self) { try await first.publish([Message("too late")]) }
        #expect(fixture.folder.names == ["celery.db"])
        for _ in 0..<3 {
            let again = try fixture.open()
            let worker = try await fixture.worker(on: again)
            #expect(try await worker.names() == ["a"])
            await worker.consumer.close()
            await again.close()
        }
    }

    @Test func `many who create it at once all get the same file`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<24 {
                group.addTask {
                    let broker = SQLiteBroker(file: try DatabaseFile(path: path), resultExpires: nil) { _ in nil }
                    try await broker.publish([Message("\(number)")])
                }
            }
            try await group.waitForAll()
        }
        let file = try DatabaseFile(path: path)
        #expect(try await file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM ready") } == 24)
        // Nothing is left of those who came second.
        #expect(Set(folder.names).isSubset(of: ["celery.db", "celery.db-shm", "celery.db-wal"]))
    }
}
