import Brokers
import CeleryCore
import Fixtures
import Glibc
import SQLite
import Testing

/// Making, opening and refusing database files.
@Suite(.timeLimit(.minutes(3))) struct SQLiteFileTests {
    let folder = TemporaryFolder()
    var path: String { folder.file("celery.db") }

    /// Expects that the file is refused in these words, and left as it was.
    private func expectRefusal(
        _ code: DriverError.Code, _ message: String, hint: String?, _ location: SourceLocation = #_sourceLocation
    ) throws {
        let before = folder.bytes("celery.db")
        let error = DriverError(code, message, hint: hint)
        #expect(throws: error, sourceLocation: location) { try DatabaseFile(path: path) }
        #expect(throws: error, sourceLocation: location) { try DatabaseFile.exists(path) }
        let isSame = folder.bytes("celery.db") == before
        #expect(isSame, "the bytes of the file", sourceLocation: location)
        #expect(folder.names == ["celery.db"], sourceLocation: location)
    }

    private let otherFile = "name another file with --broker sqlite:///PATH; this one was left as it is"

    @Test(arguments: [
        "", "hello\n", String(repeating: "a text of more than a hundred bytes, ", count: 10), "SQLite format 3\u{0}and no more",
        "SQLite format 4\u{0}" + String(repeating: "x", count: 500),
    ])
    func `refuses a file of another kind, even an empty one`(_ text: String) throws {
        try folder.write(text, to: "celery.db")
        try expectRefusal(.unusable, "\(path) is not a celery database, but some other kind of file", hint: otherFile)
    }

    @Test func `refuses a database of another program`() throws {
        try SerialDatabase(path: path) { try $0.execute(sql: "CREATE TABLE message (id)") }.close()
        try expectRefusal(.unusable, "\(path) is a SQLite database of another program", hint: otherFile)
    }

    @Test func `refuses a database of a newer version`() throws {
        try DatabaseFile(path: path).close()
        try SerialDatabase(path: path) { try $0.execute(sql: "PRAGMA user_version = \(Schema.version + 1)") }.close()
        try expectRefusal(
            .unusable, "\(path) was written by a newer celery (layout \(Schema.version + 1); this one reads up to \(Schema.version))",
            hint: "use the newer celery; the file was left as it is")
    }

    @Test func `refuses a damaged database`() throws {
        try DatabaseFile(path: path).close()
        let descriptor = open(path, O_WRONLY)
        pwrite(descriptor, [UInt8](repeating: 0xAA, count: 3_000), 3_000, 100)
        close(descriptor)
        #expect(throws: DriverError(.unusable, "database \(path) is damaged: database disk image is malformed")) {
            try DatabaseFile(path: path)
        }
    }

    @Test func `refuses a folder, and a file in no folder`() throws {
        mkdir(path, 0o755)
        #expect(throws: DriverError(.unusable, "\(path) is not a file")) { try DatabaseFile(path: path) }
        let lost = folder.file("no/such/folder.db")
        #expect(throws: DriverError(.cannotCreate, "cannot create database \(lost): no such file or directory")) {
            try DatabaseFile(path: lost)
        }
    }

    @Test func `asking whether there is a file makes none`() throws {
        #expect(try !DatabaseFile.exists(path))
        #expect(folder.names == [])
        try DatabaseFile(path: path).close()
        #expect(try DatabaseFile.exists(path))
        #expect(folder.names == ["celery.db"])
    }

    @Test func `the file says whose it is, and has all its tables`() async throws {
        let file = try DatabaseFile(path: path)
        let (application, version, mode, tables) = try await file.read { db in
            (
                try Int32.fetchOne(db, sql: "PRAGMA application_id"), try Int32.fetchOne(db, sql: "PRAGMA user_version"),
                try String.fetchOne(db, sql: "PRAGMA journal_mode"),
                try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
            )
        }
        #expect(application == Schema.applicationID)
        #expect(version == Schema.version)
        #expect(mode == "wal")
        #expect(tables == Schema.tables)
    }

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

    @Test(arguments: [DatabaseFile.Durability.full, .normal])
    func `syncs as durably as it was told`(_ durability: DatabaseFile.Durability) async throws {
        let file = try DatabaseFile(path: path, durability: durability)
        let level = try await file.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        #expect(level == (durability == .full ? 2 : 1))
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
