extension SQLiteConvertible {
    /// Returns the first column of the first row; `nil` for NULL and without a row.
    ///
    /// - Throws: `SQLITE_MISMATCH` for a value of another kind.
    package static func fetchOne(_ statement: Statement, arguments: StatementArguments = []) throws(SQLiteError) -> Self? {
        try statement.begin(arguments)
        defer { statement.end() }
        return try statement.step() ? try statement.firstColumn() : nil
    }

    /// Returns the first column of each row.
    ///
    /// - Throws: `SQLITE_MISMATCH` for NULL and for values of another kind.
    package static func fetchAll(_ statement: Statement, arguments: StatementArguments = []) throws(SQLiteError) -> [Self] {
        let cursor = try fetchCursor(statement, arguments: arguments)
        var values: [Self] = []
        while let value = try cursor.next() { values.append(value) }
        return values
    }

    /// Returns a cursor over the first column of each row.
    package static func fetchCursor(
        _ statement: Statement, arguments: StatementArguments = []
    ) throws(SQLiteError) -> ValueCursor<Self> {
        ValueCursor(try RowCursor(statement, arguments))
    }

    /// Compiles a statement or finds it in the cache, and fetches like `fetchOne(_:arguments:)`.
    package static func fetchOne(_ db: Database, sql: String, arguments: StatementArguments = []) throws(SQLiteError) -> Self? {
        try fetchOne(db.statement(sql: sql, for: arguments), arguments: arguments)
    }

    /// Compiles a statement or finds it in the cache, and fetches like `fetchAll(_:arguments:)`.
    package static func fetchAll(_ db: Database, sql: String, arguments: StatementArguments = []) throws(SQLiteError) -> [Self] {
        try fetchAll(db.statement(sql: sql, for: arguments), arguments: arguments)
    }
}

extension Row {
    /// Returns a copy of the first row; `nil` without a row.
    package static func fetchOne(_ statement: Statement, arguments: StatementArguments = []) throws(SQLiteError) -> Row? {
        try statement.begin(arguments)
        defer { statement.end() }
        return try statement.step() ? Row(copyOf: statement) : nil
    }

    /// Returns copies of all rows.
    package static func fetchAll(_ statement: Statement, arguments: StatementArguments = []) throws(SQLiteError) -> [Row] {
        try statement.begin(arguments)
        defer { statement.end() }
        var rows: [Row] = []
        while try statement.step() { rows.append(Row(copyOf: statement)) }
        return rows
    }

    /// Returns a cursor over the rows, which copies nothing.
    package static func fetchCursor(_ statement: Statement, arguments: StatementArguments = []) throws(SQLiteError) -> RowCursor {
        try RowCursor(statement, arguments)
    }

    /// Compiles a statement or finds it in the cache, and fetches like `fetchOne(_:arguments:)`.
    package static func fetchOne(_ db: Database, sql: String, arguments: StatementArguments = []) throws(SQLiteError) -> Row? {
        try fetchOne(db.statement(sql: sql, for: arguments), arguments: arguments)
    }

    /// Compiles a statement or finds it in the cache, and fetches like `fetchAll(_:arguments:)`.
    package static func fetchAll(_ db: Database, sql: String, arguments: StatementArguments = []) throws(SQLiteError) -> [Row] {
        try fetchAll(db.statement(sql: sql, for: arguments), arguments: arguments)
    }

    /// Compiles a statement or finds it in the cache, and fetches like `fetchCursor(_:arguments:)`.
    package static func fetchCursor(_ db: Database, sql: String, arguments: StatementArguments = []) throws(SQLiteError) -> RowCursor {
        try RowCursor(db.statement(sql: sql, for: arguments), arguments)
    }
}

extension Statement {
    /// Returns the first column of the current row.
    ///
    /// - Returns: `nil` for NULL.
    /// - Throws: `SQLITE_MISMATCH` for a value of another kind.
    func firstColumn<Value: SQLiteConvertible>() throws(SQLiteError) -> Value? {
        let column = SQLiteColumn(source: .row(of: handle, 0))
        if let value = Value.read(column) { return value }
        if column.isNull { return nil }
        throw SQLiteError(mismatch: Value.self, column, at: 0, of: self)
    }
}
