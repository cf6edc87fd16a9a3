/// Rows that are inserted, or changed where they are.
extension SQLConnection {
    /// Inserts rows, or changes those that are there: by one statement, where the database has one.
    ///
    /// - Parameters:
    ///   - columns: Those with a value in each row; the first is the key.
    ///   - rows: At most as many as the dialect has in a statement.
    ///   - changed: Those that are changed in a row that is there.
    ///   - sequence: The sequence that numbers new rows in the column `id`; `nil` where the table does it.
    ///   - guardian: What keeps a row that is there as it is.
    package func upsert(
        into table: String, _ columns: [(name: String, type: SQLDialect.ColumnType)], _ rows: [[SQLValue]], changing changed: [String],
        sequence: String?, unless guardian: SQLDialect.Guard?
    ) throws {
        guard dialect.kind == .oracle else {
            let sql = dialect.upsert(into: table, columns, rows: rows.count, changing: changed, sequence: sequence, unless: guardian)
            try execute(sql, rows: rows)
            return
        }
        let statements = OracleUpsert(table, columns, changing: changed, sequence: sequence, unless: guardian)
        for row in rows { try statements.store(row, in: self) }
    }
}

/// What Oracle has in the place of one statement: UPDATE, and INSERT if there is no row. MERGE would be one, but takes no values of more
/// than 4,000 bytes, as its rows come from a query.
///
/// Of two who insert the same row at once one is refused, and begins anew (`SQLError.Code.conflict`).
struct OracleUpsert {
    private let columns: [String]
    private let changed: [String]
    private let guardian: SQLDialect.Guard?
    let update: String
    let query: String
    let insert: String

    init(
        _ table: String, _ columns: [(name: String, type: SQLDialect.ColumnType)], changing changed: [String], sequence: String?,
        unless guardian: SQLDialect.Guard?
    ) {
        let dialect = SQLDialect(.oracle)
        let times = Set(columns.filter { $0.type == .time }.map(\.name))
        func value(_ column: String) -> String { times.contains(column) ? dialect.timeParameter(1) : dialect.parameter(1) }
        (self.columns, self.changed, self.guardian) = (columns.map(\.name), changed, guardian)
        let key = self.columns[0]
        var condition = "\(key) = ?"
        if let guardian {
            let values = guardian.values.map { "'\($0)'" }.joined(separator: ", ")
            // An empty text is NULL there, and compares with nothing.
            condition += " AND NOT (COALESCE(\(guardian.column), '-') IN (\(values))"
            if let (number, date) = guardian.newer { condition += " OR \(date) IS NULL AND COALESCE(\(number), 0) > ?" }
            condition += ")"
        }
        update = "UPDATE \(table) SET \(changed.map { "\($0) = \(value($0))" }.joined(separator: ", ")) WHERE \(condition)"
        query = "SELECT 1 FROM \(table) WHERE \(key) = ?"
        let names = (sequence == nil ? [] : ["id"]) + self.columns
        let values = sequence.map { [dialect.next(of: $0)] } ?? []
        insert = "INSERT INTO \(table) (\(names.joined(separator: ", "))) VALUES (\((values + self.columns.map(value)).joined(separator: ", ")))"
    }

    /// - Parameter row: The values of the columns.
    func store(_ row: [SQLValue], in db: some SQLConnection) throws {
        let values = Dictionary(zip(columns, row)) { first, _ in first }
        var given = changed.map { values[$0] ?? .null } + [row[0]]
        if let number = guardian?.newer?.number { given.append(values[number] ?? .null) }
        if try db.execute(update, given) > 0 { return }
        // Is there none, or one that stays?
        if try db.rows(query, [row[0]]).isEmpty { try db.execute(insert, row) }
    }
}
