import Testing

@testable import SQL

/// What Oracle says in its own way.
@Suite struct OracleDialectTests {
    private let dialect = SQLDialect(.oracle)

    private func statements(newer: (String, String)? = nil) -> OracleUpsert {
        OracleUpsert(
            "t", [("k", .key), ("s", .state), ("d", .time)], changing: ["s", "d"], sequence: "q", unless: SQLDialect.Guard("s", ["SUCCESS"], newer: newer))
    }

    @Test func `a row is changed, or inserted if there is none`() {
        let time = "TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS.FF6')"
        #expect(statements().update == "UPDATE t SET s = ?, d = \(time) WHERE k = ? AND NOT (COALESCE(s, '-') IN ('SUCCESS'))")
        #expect(statements().query == "SELECT 1 FROM t WHERE k = ?")
        #expect(statements().insert == "INSERT INTO t (id, k, s, d) VALUES (q.NEXTVAL, ?, ?, \(time))")
        #expect(statements(newer: ("n", "d")).update.hasSuffix("IN ('SUCCESS') OR d IS NULL AND COALESCE(n, 0) > ?)"))
    }

    /// A database that notes what it is asked, and answers as the test says.
    private final class Noting: SQLConnection {
        let dialect = SQLDialect(.oracle)
        var said: [String] = []
        let changes: Int
        let found: [[SQLValue]]

        init(changes: Int, found: [[SQLValue]]) { (self.changes, self.found) = (changes, found) }

        func schemaMark() -> Int64 { 0 }

        func execute(_ sql: String, _ values: [SQLValue]) -> Int {
            said.append("\(sql.prefix(6)) \(values.compactMap(\.text).joined(separator: " "))")
            return changes
        }

        func rows(_ sql: String, _ values: [SQLValue]) -> [[SQLValue]] {
            said.append("\(sql.prefix(6)) \(values.compactMap(\.text).joined(separator: " "))")
            return found
        }
    }

    @Test func `only what is missing is inserted, and values go where they belong`() throws {
        func said(changes: Int, found: [[SQLValue]]) throws -> [String] {
            let db = Noting(changes: changes, found: found)
            try db.upsert(
                into: "t", [("k", .key), ("s", .state), ("n", .integer)], [[.text("key"), .text("state"), .integer(2)]], changing: ["s", "n"], sequence: "q",
                unless: SQLDialect.Guard("s", ["SUCCESS"], newer: (number: "n", whileNull: "d")))
            return db.said
        }
        #expect(try said(changes: 1, found: []) == ["UPDATE state 2 key 2"])
        #expect(try said(changes: 0, found: [[.integer(1)]]) == ["UPDATE state 2 key 2", "SELECT key"])
        #expect(try said(changes: 0, found: []) == ["UPDATE state 2 key 2", "SELECT key", "INSERT key state 2"])
    }

    @Test func `tables have Oracle's types, and SQLAlchemy's names`() {
        let sql = dialect.createTable("celery_taskmeta", [("id", .id), ("task_id", .key), ("status", .state), ("result", .bytes), ("date_done", .time), ("traceback", .text)], unique: "task_id")
        #expect(sql == """
            CREATE TABLE celery_taskmeta (
                id INTEGER NOT NULL,
                task_id VARCHAR2(155 CHAR),
                status VARCHAR2(50 CHAR),
                result BLOB,
                date_done TIMESTAMP(6),
                traceback CLOB,
                PRIMARY KEY (id),
                UNIQUE (task_id)
            )
            """)
        #expect(dialect.addColumn("attempt", .integer, to: "t") == "ALTER TABLE t ADD (attempt INTEGER)")
    }

    @Test func `some rows are the first of an order`() {
        #expect(dialect.limited("SELECT a FROM t ORDER BY a", 1) == "SELECT a FROM t ORDER BY a FETCH FIRST ? ROWS ONLY")
        #expect(dialect.deleteOldest(of: "t", by: "d").hasSuffix("ORDER BY d FETCH FIRST ? ROWS ONLY) t)"))
        #expect(SQLDialect(.postgreSQL).limited("SELECT a FROM t", 2) == "SELECT a FROM t LIMIT $2")
    }
}
