import CeleryCore
import CeleryDB
import Fixtures
import Glibc
import SQLite
import Testing

/// Making, opening and refusing database files.
@Suite(.timeLimit(.minutes(3))) struct DatabaseFileTests {
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

    private let otherFile = "name another file with --broker sqlite:///PATH; this one was left unchanged"

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
            hint: "use the newer celery; the file was left unchanged")
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

    @Test(arguments: [DatabaseFile.Durability.full, .normal])
    func `syncs as durably as it was told`(_ durability: DatabaseFile.Durability) async throws {
        let file = try DatabaseFile(path: path, durability: durability)
        let level = try await file.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        #expect(level == (durability == .full ? 2 : 1))
    }

    @Test func `what may be forgotten waits for no disk, and what comes after it does`() async throws {
        let file = try DatabaseFile(path: path)
        var levels: [Int?] = []
        for durable in [true, false, true, false, false, true] {
            levels.append(try await file.write(durable: durable) { try Int.fetchOne($0, sql: "PRAGMA synchronous") })
        }
        #expect(levels == [2, 1, 2, 1, 1, 2])
        // Also after one that failed.
        await #expect(throws: DriverError.self) { try await file.write(durable: false) { try $0.execute(sql: "nonsense") } }
        #expect(try await file.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
    }

    @Test func `a write that throws leaves nothing, and is told in our words`() async throws {
        let file = try DatabaseFile(path: path)
        let insert = "INSERT INTO submission_key (key, id, expires) VALUES ('k', 'i', 1)"
        let error = await #expect(throws: DriverError.self) {
            try await file.write { db in
                try db.execute(sql: insert)
                try db.execute(sql: insert)
            }
        }
        #expect(error == DriverError(.unreachable, "database \(path): UNIQUE constraint failed: submission_key.key"))
        #expect(try await file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM submission_key") } == 0)
    }

    @Test func `a column of another kind than ours is damage`() async throws {
        let file = try DatabaseFile(path: path)
        try await file.write { try $0.execute(sql: "INSERT INTO submission_key (key, id, expires) VALUES ('k', x'ff', 1)") }
        let error = await #expect(throws: DriverError.self) {
            try await file.read { db in try Row.fetchAll(db, sql: "SELECT id FROM submission_key").map { $0[0] as String } }
        }
        #expect(error == DriverError(.unusable, "database \(path) is damaged: column 'id' holds a blob, not a text"))
    }

    @Test func `what is closed says so`() async throws {
        let file = try DatabaseFile(path: path)
        file.close()
        await #expect(throws: DriverError(.unreachable, "database \(path): the database is closed")) {
            try await file.read { try Int.fetchOne($0, sql: "SELECT 1") }
        }
    }
}
