import CSQLite
import Fixtures
import Testing

@testable import SQLite

/// All or nothing.
@Suite struct TransactionTests {
    private struct Refusal: Error {}

    private func database() throws -> Database {
        let db = try Database(path: ":memory:", patience: .zero)
        try db.execute(sql: "CREATE TABLE t (v)")
        return db
    }

    @Test func `what throws leaves nothing`() throws {
        let db = try database()
        #expect(throws: Refusal.self) {
            try db.inTransaction(.immediate) {
                try db.execute(sql: "INSERT INTO t VALUES (1)")
                throw Refusal()
            }
        }
        #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM t") == 0)
        #expect(try db.inTransaction(.immediate) { try Int.fetchOne(db, sql: "SELECT 5") } == 5)
    }

    @Test func `a part that throws takes nothing else with it, at any depth`() throws {
        let db = try database()
        try db.inTransaction(.immediate) {
            try db.execute(sql: "INSERT INTO t VALUES (1)")
            try? db.inSavepoint {
                try db.execute(sql: "INSERT INTO t VALUES (2)")
                try db.inSavepoint { try db.execute(sql: "INSERT INTO t VALUES (3)") }
                throw Refusal()
            }
            try db.inSavepoint {
                try db.execute(sql: "INSERT INTO t VALUES (4)")
                try? db.inSavepoint {
                    try db.execute(sql: "INSERT INTO t VALUES (5)")
                    throw Refusal()
                }
            }
        }
        let values = try Int.fetchAll(db, sql: "SELECT v FROM t ORDER BY v")
        #expect(values == [1, 4])
    }

    @Test func `an error that ends the transaction is told as it is`() throws {
        let db = try database()
        let error = #expect(throws: SQLiteError.self) {
            try db.inTransaction(.immediate) {
                try db.execute(sql: "CREATE TABLE u (v UNIQUE ON CONFLICT ROLLBACK)")
                try db.execute(sql: "INSERT INTO u VALUES (1), (1)")
            }
        }
        #expect(error?.code == SQLITE_CONSTRAINT)
        try db.inTransaction(.immediate) { try db.execute(sql: "INSERT INTO t VALUES (1)") }
    }

    @Test func `who cannot get the lock in time is told that it is busy`() throws {
        let folder = TemporaryFolder()
        let first = try SerialDatabase(path: folder.file("a.db")) { try $0.execute(sql: "CREATE TABLE t (v)") }
        let second = try SerialDatabase(path: folder.file("a.db"), patience: .milliseconds(20))
        try first.performAndWait { db throws in
            try db.inTransaction(.immediate) {
                let error = #expect(throws: SQLiteError.self) {
                    try second.performAndWait { try $0.inTransaction(.immediate) {} }
                }
                #expect(error == SQLiteError(SQLITE_BUSY, "database is locked", operation: "BEGIN IMMEDIATE"))
            }
        }
        try second.performAndWait { try $0.inTransaction(.immediate) {} }
    }
}
