import CSQLite
import Fixtures
import Synchronization
import Testing

@testable import SQLite

/// One owner of a connection, many tasks.
@Suite(.timeLimit(.minutes(2))) struct SerialDatabaseTests {
    private func database() throws -> SerialDatabase {
        try SerialDatabase(path: ":memory:") { try $0.execute(sql: "CREATE TABLE t (v)") }
    }

    /// Tasks that use the database at a moment.
    private final class Inside: Sendable {
        let count = Atomic(0)
    }

    @Test func `many tasks at once are served one after the other`() async throws {
        let database = try database()
        let inside = Inside()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await database.perform { db in
                        #expect(inside.count.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue == 1)
                        defer { inside.count.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
                        try db.inTransaction(.immediate) { try db.execute(sql: "INSERT INTO t VALUES (?)", arguments: [number]) }
                    }
                }
                group.addTask { _ = try await database.read { try Int.fetchAll($0, sql: "SELECT v FROM t") } }
            }
            try await group.waitForAll()
        }
        #expect(try await database.read { try Int.fetchOne($0, sql: "SELECT count(DISTINCT v) FROM t") } == 200)
    }

    @Test func `a column of another kind is an error without a transaction, too`() async throws {
        let database = try database()
        let error = await #expect(throws: SQLiteError.self) {
            try await database.perform { try Row.fetchOne($0, sql: "SELECT 'text' AS number").map { $0[0] as Int } }
        }
        #expect(error?.message == "column 'number' holds a text, not an integer")
        #expect(throws: SQLiteError.self) { try database.performAndWait { try Row.fetchOne($0, sql: "SELECT 1").map { $0[0] as String } } }
        #expect(try await database.perform { try Row.fetchOne($0, sql: "SELECT 1").map { $0[0] as Int } } == 1)
    }

    @Test func `reading cannot write`() async throws {
        let database = try database()
        let error = await #expect(throws: SQLiteError.self) {
            try await database.read { try $0.execute(sql: "INSERT INTO t VALUES (1)") }
        }
        #expect(error?.code == SQLITE_READONLY)
        try await database.perform { try $0.execute(sql: "INSERT INTO t VALUES (1)") }
    }

    @Test func `a task that was cancelled reads nothing, and writes all the same`() async throws {
        let database = try database()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await #expect(throws: CancellationError.self) { try await database.read { try Int.fetchOne($0, sql: "SELECT 1") } }
            try await database.perform { db in try db.inTransaction(.immediate) { try db.execute(sql: "INSERT INTO t VALUES (1)") } }
        }
        try await task.value
        #expect(try await database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM t") } == 1)
    }

    @Test func `a long look ends when its task is cancelled, and the next is not disturbed`() async throws {
        let database = try database()
        let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
        let endless = Task {
            try await database.read { db in
                beginning.yield()
                return try Int.fetchOne(db, sql: "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c")
            }
        }
        for await _ in begun { break }
        endless.cancel()
        try await database.perform { try $0.execute(sql: "INSERT INTO t VALUES (1)") }
        await #expect(throws: CancellationError.self) { try await endless.value }
        #expect(try await database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM t") } == 1)
    }

    @Test func `what is closed says so`() async throws {
        let folder = TemporaryFolder()
        let database = try SerialDatabase(path: folder.file("a.db")) { try $0.execute(sql: "PRAGMA journal_mode = WAL; CREATE TABLE t (v)") }
        #expect(folder.names == ["a.db", "a.db-shm", "a.db-wal"])
        database.close()
        #expect(folder.names == ["a.db"])
        let error = await #expect(throws: SQLiteError.self) { try await database.read { try Int.fetchOne($0, sql: "SELECT 1") } }
        #expect(error?.code == SQLITE_MISUSE)
        #expect(error?.message == "the database is closed")
        database.close()
    }

    @Test func `a file goes with its owner`() throws {
        let folder = TemporaryFolder()
        _ = try SerialDatabase(path: folder.file("a.db")) { try $0.execute(sql: "PRAGMA journal_mode = WAL; CREATE TABLE t (v)") }
        #expect(folder.names == ["a.db"])
    }

    @Test func `a file that cannot be opened says why`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("no/such/file")
        let error = #expect(throws: SQLiteError.self) { try SerialDatabase(path: path) }
        #expect(error?.code == SQLITE_CANTOPEN)
        #expect(error?.message == "unable to open database file")
        #expect(error?.operation == "open \(path)")
    }
}
