import SQL
import Testing

/// What the dialects say in different ways.
@Suite struct SQLDialectTests {
    private func upsert(_ kind: SQLDialect.Kind, rows: Int = 1, sequence: String? = nil, newer: (String, String)? = nil) -> String {
        SQLDialect(kind).upsert(
            into: "t", [("k", .key), ("s", .state), ("v", .bytes)], rows: rows, changing: newer == nil ? ["s", "v"] : ["s", "v", "n"], sequence: sequence,
            unless: SQLDialect.Guard("s", ["SUCCESS", "FAILURE"], newer: newer))
    }

    @Test func `a row is inserted, or changed unless it is final`() {
        let condition = "coalesce(t.s, '') IN ('SUCCESS', 'FAILURE')"
        let changes = "ON CONFLICT (k) DO UPDATE SET s = excluded.s, v = excluded.v WHERE NOT (\(condition))"
        #expect(upsert(.sqlite) == "INSERT INTO t (k, s, v) VALUES (?, ?, ?) \(changes)")
        #expect(upsert(.postgreSQL, sequence: "q") == "INSERT INTO t (id, k, s, v) VALUES (nextval('q'), $1, $2, $3) \(changes)")
        #expect(upsert(.mySQL, rows: 2).contains(" VALUES (?, ?, ?), (?, ?, ?) "))
    }

    @Test func `PostgreSQL takes the columns of several rows as arrays`() {
        #expect(
            upsert(.postgreSQL, rows: 2, sequence: "q").hasPrefix(
                "INSERT INTO t (id, k, s, v) SELECT nextval('q'), k, s, v::bytea FROM unnest($1, $2, $3) AS given (k, s, v) ON CONFLICT (k)"))
    }

    @Test func `MySQL changes the column that decides last`() {
        let condition = "coalesce(t.s, '') IN ('SUCCESS', 'FAILURE')"
        #expect(
            upsert(.mySQL)
                == "INSERT INTO t (k, s, v) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE v = if(\(condition), t.v, values(v)), s = if(\(condition), t.s, values(s))"
        )
        #expect(upsert(.mariaDB, sequence: "q").hasPrefix("INSERT INTO t (id, k, s, v) VALUES (nextval(q), ?, ?, ?)"))
    }

    @Test func `a row with a greater number stays, too; MySQL changes the number first`() {
        let final = "coalesce(t.s, '') IN ('SUCCESS', 'FAILURE')"
        #expect(upsert(.postgreSQL, newer: ("n", "d")).hasSuffix(" WHERE NOT (\(final) OR t.d IS NULL AND coalesce(t.n, 0) > excluded.n)"))
        let mySQL = upsert(.mySQL, newer: ("n", "d"))
        let kept = "\(final) OR t.d IS NULL AND coalesce(t.n, 0) > values(n)"
        #expect(mySQL.contains("UPDATE n = if(\(kept), t.n, values(n)), v = if(\(kept), t.v, values(v)), s = if("))
    }

    @Test func `the oldest rows are deleted, at most as many as are asked for`() {
        #expect(SQLDialect(.mySQL).deleteOldest(of: "t", by: "d") == "DELETE FROM t WHERE d <= ? ORDER BY d LIMIT ?")
        #expect(SQLDialect(.postgreSQL).deleteOldest(of: "t", by: "d").contains("LIMIT $2 FOR UPDATE SKIP LOCKED"))
    }

    @Test func `a beginning may have any letters`() {
        let (sql, values) = SQLDialect(.postgreSQL).begins("id", 1, with: "50%_!a")
        #expect(sql == "id LIKE $1 ESCAPE '!'" && values == [.text("50!%!_!!a%")])
        #expect(SQLDialect(.sqlite).begins("id", 1, with: "a%").values == [.text("a%"), .text("a%")])
    }

    @Test func `a value is read whatever the database makes of it`() {
        #expect(SQLValue.integer(7).text == "7" && SQLValue.text("7").integer == 7 && SQLValue.blob([0x37]).integer == 7)
        #expect(SQLValue.text("x").bytes == [0x78] && SQLValue.null.bytes == nil && SQLValue.text("x").integer == nil)
    }
}
