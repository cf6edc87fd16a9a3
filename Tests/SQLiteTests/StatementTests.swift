import CSQLite
import Testing

@testable import SQLite

/// Compiling, running and keeping statements.
@Suite struct StatementTests {
    private func database() throws -> Database {
        let db = try Database(path: ":memory:", patience: .zero)
        try db.execute(sql: "CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT NOT NULL UNIQUE); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')")
        return db
    }

    @Test func `an error has its code, its extended code, its message and its statement, and none of the values`() throws {
        let error = #expect(throws: SQLiteError.self) {
            try database().execute(sql: "INSERT INTO t (v) VALUES (?)", arguments: ["a"])
        }
        #expect(error?.code == SQLITE_CONSTRAINT)
        #expect(error?.extendedCode == 2_067)
        #expect(error?.description == "UNIQUE constraint failed: t.v (code 2067) in INSERT INTO t (v) VALUES (?)")
    }

    @Test func `a statement that cannot be compiled says why`() throws {
        let error = #expect(throws: SQLiteError.self) { try database().execute(sql: "SELECT absent FROM t") }
        #expect(error == SQLiteError(SQLITE_ERROR, "no such column: absent", operation: "SELECT absent FROM t"))
        // A name in double quotes is a name.
        #expect(throws: SQLiteError.self) { try database().execute(sql: "SELECT \"absent\" FROM t") }
    }

    @Test func `as many values as parameters are needed`() throws {
        let error = #expect(throws: SQLiteError.self) {
            try Int.fetchOne(database(), sql: "SELECT n FROM t WHERE n = ? AND v = ?", arguments: [1])
        }
        #expect(error?.code == SQLITE_RANGE)
        #expect(error?.message == "1 values for 2 parameters")
    }

    @Test func `a statement works again after an error`() throws {
        let db = try database()
        let insert = try db.cachedStatement(sql: "INSERT INTO t (v) VALUES (?)")
        #expect(throws: SQLiteError.self) { try insert.execute(arguments: ["a"]) }
        try insert.execute(arguments: ["d"])
        #expect(db.changesCount == 1 && db.lastInsertedRowID == 4)
        #expect(throws: SQLiteError.self) { try insert.execute(arguments: ["d"]) }
        #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM t") == 4)
    }

    @Test func `a statement is compiled once and kept`() throws {
        let db = try database()
        let text = "SELECT n FROM t WHERE v = ?"
        let first = try db.cachedStatement(sql: text)
        #expect(try db.cachedStatement(sql: text) === first)
        // The same text at another address.
        #expect(try db.cachedStatement(sql: ["SELECT n FROM t", "WHERE v = ?"].joined(separator: " ")) === first)
        #expect(try Int.fetchOne(first, arguments: ["b"]) == 2)
    }

    @Test func `a statement whose rows are being read is not run a second time`() throws {
        let db = try database()
        let text = "SELECT n FROM t WHERE n > ? ORDER BY n"
        var seen: [[Int]] = []
        let outer = try Row.fetchCursor(db.cachedStatement(sql: text), arguments: [1])
        while let row = try outer.next() {
            let number: Int = row[0]
            seen.append([number] + (try Int.fetchAll(db.cachedStatement(sql: text), arguments: [number])))
        }
        #expect(seen == [[2, 3], [3]])
    }

    @Test func `texts without end do not fill the memory`() throws {
        let db = try database()
        for number in 0..<2_000 {
            let statement = try db.cachedStatement(sql: "SELECT \(number)")
            #expect(try Int.fetchOne(statement) == number)
        }
    }

    @Test func `a kept statement sees tables that change`() throws {
        let db = try database()
        let all = try db.cachedStatement(sql: "SELECT * FROM t WHERE n = 1")
        #expect(try Row.fetchOne(all).map { $0[1] as String } == "a")
        try db.execute(sql: "ALTER TABLE t ADD COLUMN w INTEGER NOT NULL DEFAULT 7")
        #expect(try Row.fetchOne(all).map { $0["W"] as Int } == 7)
    }

    @Test func `a text may hold several statements, and comments`() throws {
        let db = try database()
        try db.execute(sql: "INSERT INTO t (v) VALUES ('x'); -- one\n INSERT INTO t (v) VALUES ('y') ; /* two */ ")
        #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM t") == 5)
        #expect(throws: SQLiteError.self) { try db.cachedStatement(sql: "SELECT 1; SELECT 2") }
        #expect(throws: SQLiteError.self) { try db.cachedStatement(sql: " -- nothing") }
    }

    // MARK: Rows

    @Test func `a copied row outlives its statement`() throws {
        let db = try database()
        let rows = try Row.fetchAll(db, sql: "SELECT n, v FROM t ORDER BY n")
        try db.execute(sql: "DROP TABLE t")
        #expect(rows.map { $0["v"] as String } == ["a", "b", "c"])
        #expect(rows.map { $0[0] as Int } == [1, 2, 3])
    }

    @Test func `a row read after its cursor has moved on fails its transaction`() throws {
        let error = #expect(throws: SQLiteError.self) {
            let db = try database()
            try db.inTransaction(.deferred) {
                let rows = try Row.fetchCursor(db, sql: "SELECT v FROM t ORDER BY n")
                let first = try rows.next()
                _ = try rows.next()
                #expect(first.map { $0[0] as String } == "")
            }
        }
        #expect(error?.message == "a row was read after its cursor had moved on")
    }

    /// Deletes everything, and then reads what is none as a number.
    private static func deleteAndRead(_ value: String, _ db: Database) throws {
        try db.inTransaction(.immediate) {
            try db.execute(sql: "DELETE FROM t")
            let number = try Row.fetchOne(db, sql: "SELECT \(value) AS number").map { $0[0] as Int }
            #expect(number == 0)
        }
    }

    @Test func `a column of another kind fails its transaction, of which nothing is left`() throws {
        let db = try database()
        var errors: [SQLiteError] = []
        for value in ["NULL", "'text'", "x'00'", "1.5"] {
            do {
                try Self.deleteAndRead(value, db)
            } catch let error as SQLiteError {
                errors.append(error)
            }
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM t") == 3)
            // The next one is not to blame.
            try db.inTransaction(.immediate) { try db.execute(sql: "UPDATE t SET v = v || v") }
        }
        #expect(errors.map(\.code) == [SQLITE_MISMATCH, SQLITE_MISMATCH, SQLITE_MISMATCH, SQLITE_MISMATCH])
        #expect(errors.map(\.message) == ["NULL", "a text", "a blob", "a real"].map { "column 'number' holds \($0), not an integer" })
    }

    @Test func `a column that is not there fails its transaction`() throws {
        for column in [-1, 1, 7] {
            #expect(throws: SQLiteError.self) {
                let db = try database()
                try db.inTransaction(.deferred) { _ = try Row.fetchOne(db, sql: "SELECT 1").map { $0[column] as Int } }
            }
        }
        let error = #expect(throws: SQLiteError.self) {
            let db = try database()
            try db.inTransaction(.deferred) { _ = try Row.fetchOne(db, sql: "SELECT 1 AS one").map { $0["two"] as Int? } }
        }
        #expect(error?.message == "no column 'two'")
    }

    @Test func `a cursor that is given up lets go of its rows`() throws {
        let db = try database()
        let statement = try db.cachedStatement(sql: "SELECT n FROM t")
        do {
            let rows = try Row.fetchCursor(statement)
            #expect(try rows.next() != nil)
            #expect(statement.isRunning)
        }
        #expect(!statement.isRunning)
        try db.execute(sql: "DROP TABLE t")
    }
}
