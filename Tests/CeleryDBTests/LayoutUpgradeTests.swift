import CeleryCore
import CeleryDB
import FoundationEssentials
import Fixtures
import Processes
import SQLite
import Testing

/// `Recordings/celery-0.8.0.sqlite` is a file that celery 0.8.0 left behind (layout 2): two messages waiting, one scheduled, one leased by a
/// worker that was killed, three successes and two failures, a dead letter, beat entries, events and statistics.
@Suite(.timeLimit(.minutes(3))) struct LayoutUpgradeTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.file("celery.db") }

    init() throws {
        let recording = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Recordings/celery-0.8.0.sqlite")
        try Data(contentsOf: recording).write(to: URL(filePath: folder.file("celery.db")))
    }

    private func counts(in db: Database) throws -> [Int] {
        let tables = ["message", "ready", "scheduled", "lease", "result", "dead_letter", "beat_entry", "worker", "event", "statistics"]
        return try tables.map { table in try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0 }
    }

    @Test func `opening a file of 0.8.0 upgrades it, and keeps all of it`() async throws {
        #expect(try DatabaseFile.layout(of: path) == 2)
        let file = try DatabaseFile(path: path)
        let found = try await file.read { db in try counts(in: db) }
        let tables = try await file.read { db in
            try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
        }
        #expect(found == [4, 2, 1, 1, 5, 1, 3, 1, 3, 3])
        #expect(tables == Schema.tables)
        #expect(try DatabaseFile.layout(of: path) == Schema.version)
        file.close()
    }

    @Test func `results of 0.8.0 get the columns that lists read`() async throws {
        let file = try DatabaseFile(path: path)
        let rows = try await file.read { db in
            try String.fetchAll(db, sql: "SELECT state || ' ' || task || ' ' || queue || coalesce(' ' || body, '') FROM result ORDER BY number")
        }
        #expect(rows.prefix(3).allSatisfy { $0 == "SUCCESS demo.tasks.ok celery" })
        #expect(Set(rows.dropFirst(3)) == ["FAILURE demo.tasks.bad celery", "FAILURE demo.tasks.crash celery"])
        file.close()
    }

    @Test func `an upgraded file has the tables and indexes of a new one`() async throws {
        let upgraded = try DatabaseFile(path: path)
        let new = try DatabaseFile(path: folder.file("new.db"))
        func objects(_ file: DatabaseFile) async throws -> [String] {
            try await file.read { try String.fetchAll($0, sql: "SELECT type || ' ' || name FROM sqlite_master ORDER BY 1") }
        }
        #expect(try await objects(upgraded) == objects(new))
        func columns(_ file: DatabaseFile) async throws -> [String] {
            try await file.read { db in
                try String.fetchAll(
                    db, sql: "SELECT t.name || '.' || c.name FROM pragma_table_list t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY 1")
            }
        }
        #expect(try await columns(upgraded) == columns(new))
        upgraded.close()
        new.close()
    }

    @Test func `a file of layout 1, whose tables lack columns, is upgraded as well`() async throws {
        try SerialDatabase(path: path) { db in
            for column in ["worker DROP COLUMN lease_length", "message DROP COLUMN crashes", "message DROP COLUMN doubts"] {
                try db.execute(sql: "ALTER TABLE \(column)")
            }
            try db.execute(sql: "PRAGMA user_version = 1")
        }.close()
        let file = try DatabaseFile(path: path)
        #expect(try await file.read { db in try counts(in: db) } == [4, 2, 1, 1, 5, 1, 3, 1, 3, 3])
        file.close()
    }

    @Test func `a worker of the old version that still runs is named, and the file is left alone`() throws {
        let me = try #require(ProcessIdentity.current)
        try SerialDatabase(path: path) { db in
            try db.execute(sql: "UPDATE worker SET process = ?, pid = ?", arguments: [me.description, Int(me.id)])
        }.close()
        #expect(throws: DriverError(
            .tryAgain, "database \(path) has the layout of an earlier celery, and worker celery@vm (process \(me.id)) of that version uses it",
            hint: "stop that worker, for example with: kill \(me.id); then the next command upgrades the file")
        ) { try DatabaseFile(path: path) }
        #expect(try DatabaseFile.layout(of: path) == 2)
    }

    @Test func `a file of another machine's worker can be upgraded when its lease is over`() throws {
        try SerialDatabase(path: path) { try $0.execute(sql: "UPDATE worker SET process = '', lease_until = 1e12") }.close()
        #expect(throws: DriverError.self) { try DatabaseFile(path: path) }
        try SerialDatabase(path: path) { try $0.execute(sql: "UPDATE worker SET lease_until = 1") }.close()
        try DatabaseFile(path: path).close()
        #expect(try DatabaseFile.layout(of: path) == Schema.version)
    }
}
