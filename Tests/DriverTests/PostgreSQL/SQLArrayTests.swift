import Fixtures
import SQL
import Testing

/// Statements whose parameters are arrays.
@Suite struct SQLArrayTests {
    @Test func `arrays of texts and of bytes come first, and single values after them`() throws {
        let connection = try DatabasePlace(.postgreSQL).connection()
        defer { connection.close() }
        let db = try #require(connection as? any SQLArrayConnection)
        let texts: [SQLValue] = [.text("a,\"b\\ü"), .null, .integer(-5), .text("")]
        let bytes: [SQLValue] = [.blob([0, 255, 39]), .text("text"), .null, .blob([])]
        let rows = try db.rows(
            "SELECT t, b, $3::integer, $4::text FROM unnest($1, $2) AS given (t, b)", arrays: [texts, bytes], [.integer(7), .null])
        #expect(rows == [
            [.text("a,\"b\\ü"), .blob([0, 255, 39]), .integer(7), .null], [.null, .blob(Array("text".utf8)), .integer(7), .null],
            [.text("-5"), .null, .integer(7), .null], [.text(""), .blob([]), .integer(7), .null],
        ])
        #expect(try db.rows("SELECT count(*) FROM unnest($1) AS t", arrays: [[]]) == [[.integer(0)]])
        try db.execute("CREATE TABLE numbers (n INTEGER)")
        #expect(try db.execute("INSERT INTO numbers SELECT n::integer FROM unnest($1) AS n", arrays: [[.integer(1), .integer(2)]]) == 2)
        #expect(throws: SQLError.self) { try db.rows("SELECT unnest($1)", arrays: [[.text("a\u{0}")]]) }
    }
}
