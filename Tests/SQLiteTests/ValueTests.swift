import CSQLite
import SQLite
import Testing

/// Values on their way into a file and back.
@Suite struct ValueTests {
    private func database() throws -> SerialDatabase {
        try SerialDatabase(path: ":memory:") { try $0.execute(sql: "CREATE TABLE t (v)") }
    }

    /// Writes a value and reads it back.
    private func back<Value: SQLiteConvertible>(_ value: Value) throws -> Value? {
        try database().performAndWait { db throws in
            try db.execute(sql: "INSERT INTO t (v) VALUES (?)", arguments: [value])
            return try Value.fetchOne(db, sql: "SELECT v FROM t")
        }
    }

    @Test(arguments: [0, 1, -1, .max, .min, 1 << 53 + 1]) func `an integer comes back as it was`(_ value: Int64) throws {
        #expect(try back(value) == value)
        #expect(try back(Int(value)) == Int(value))
    }

    @Test func `an integer that is too large for its type is a mismatch`() throws {
        let error = #expect(throws: SQLiteError.self) {
            try database().performAndWait { try Int32.fetchOne($0, sql: "SELECT 2147483648 AS big") }
        }
        #expect(error?.code == SQLITE_MISMATCH)
        #expect(error?.message == "column 'big' holds an integer, not an integer of 32 bits")
        #expect(try back(Int32.min) == .min)
    }

    @Test(arguments: [0, -0.5, 1e300, .leastNonzeroMagnitude, .infinity, -.infinity, 1_764_371_000.123_456])
    func `a real comes back as it was`(_ value: Double) throws {
        #expect(try back(value) == value)
    }

    @Test func `a real that is no number becomes NULL`() throws {
        #expect(try back(Double.nan) == nil)
    }

    @Test func `whole reals and integers stand for each other`() throws {
        let (whole, real) = try database().performAndWait { db throws in
            (try Int.fetchOne(db, sql: "SELECT 3.0"), try Double.fetchOne(db, sql: "SELECT 3"))
        }
        #expect(whole == 3 && real == 3)
        #expect(throws: SQLiteError.self) { try database().performAndWait { try Int.fetchOne($0, sql: "SELECT 3.5") } }
    }

    @Test(arguments: ["", "a", "fifteen bytes..", "sixteen bytes...", "ä\u{301} 🥕", "before\u{0}after", "\u{0}", String(repeating: "x", count: 100_000)])
    func `a text comes back as it was, zeros and all`(_ text: String) throws {
        #expect(try back(text) == text)
        let kind = try database().performAndWait { try String.fetchOne($0, sql: "SELECT typeof(?)", arguments: [text]) }
        #expect(kind == "text")
    }

    @Test func `a text that is no UTF-8 is repaired, and a blob that is none is no text`() throws {
        let (text, blob) = try database().performAndWait { db throws in
            (try String.fetchOne(db, sql: "SELECT CAST(x'61ff62' AS TEXT)"), try SQLiteValue.fetchOne(db, sql: "SELECT x'61ff62'"))
        }
        #expect(text == "a\u{FFFD}b")
        #expect(blob == .blob([0x61, 0xFF, 0x62]) && blob?.text == nil)
        #expect(throws: SQLiteError.self) { try database().performAndWait { try String.fetchOne($0, sql: "SELECT x'61ff62'") } }
        #expect(try database().performAndWait { try String.fetchOne($0, sql: "SELECT x'6162'") } == "ab")
    }

    @Test(arguments: [0, 1, 4_096, 30_000_000]) func `a blob comes back as it was, and an empty one is not NULL`(_ count: Int) throws {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: index &* 31) }
            initialized = count
        }
        let same = try back(bytes) == bytes
        #expect(same)
        let kind = try database().performAndWait { try String.fetchOne($0, sql: "SELECT typeof(?)", arguments: [bytes]) }
        #expect(kind == "blob")
    }

    @Test func `a blob that is larger than SQLite takes is an error`() throws {
        let error = #expect(throws: SQLiteError.self) {
            try database().performAndWait { try $0.execute(sql: "INSERT INTO t (v) VALUES (zeroblob(2000000000))") }
        }
        #expect(error?.code == SQLITE_TOOBIG)
    }

    @Test func `no value is NULL, and NULL is no value`() throws {
        try database().performAndWait { db throws in
            let text: String? = nil
            try db.execute(sql: "INSERT INTO t (v) VALUES (?), (?)", arguments: [text, nil])
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM t WHERE v IS NULL") == 2)
            #expect(try Int.fetchOne(db, sql: "SELECT v FROM t") == nil)
            #expect(try SQLiteValue.fetchAll(db, sql: "SELECT v FROM t") == [.null, .null])
            #expect(throws: SQLiteError.self) { try Int.fetchAll(db, sql: "SELECT v FROM t") }
        }
    }

    @Test(arguments: [SQLiteValue.null, .integer(.min), .real(0.1), .text("t\u{0}"), .blob([0])])
    func `a value of any kind comes back as it was`(_ value: SQLiteValue) throws {
        #expect(try back(value) == value)
    }

    @Test func `truth is 1`() throws {
        #expect(try back(true) == true && back(false) == false)
        #expect(try database().performAndWait { try SQLiteValue.fetchOne($0, sql: "SELECT ?", arguments: [true]) } == .integer(1))
    }
}
