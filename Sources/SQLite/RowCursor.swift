/// Reads the rows of a statement one at a time. Releasing the cursor ends the run of the statement.
package final class RowCursor {
    let statement: Statement
    /// Position of the statement when this cursor last moved; another user of the statement changes it.
    private var position: UInt64

    init(_ statement: Statement, _ arguments: StatementArguments) throws(SQLiteError) {
        self.statement = statement
        try statement.begin(arguments)
        position = statement.position
    }

    /// Returns the next row, which may be read until the following call; `nil` after the last row.
    package func next() throws(SQLiteError) -> Row? { try advance() ? Row(of: self) : nil }

    /// Advances to the next row.
    ///
    /// - Returns: `false` after the last row.
    func advance() throws(SQLiteError) -> Bool {
        guard statement.isRunning, statement.position == position else { return false }
        do {
            let hasRow = try statement.step()
            position = statement.position
            if !hasRow { statement.end() }
            return hasRow
        } catch {
            statement.end()
            throw error
        }
    }

    deinit {
        if statement.position == position { statement.end() }
    }
}

/// Reads the first column of each row of a statement, one at a time.
package struct ValueCursor<Value: SQLiteConvertible> {
    private let rows: RowCursor

    init(_ rows: RowCursor) { self.rows = rows }

    /// Returns the next value; `nil` after the last row.
    ///
    /// - Throws: `SQLITE_MISMATCH` for NULL and for values of another kind.
    package func next() throws(SQLiteError) -> Value? {
        guard try rows.advance() else { return nil }
        let column = SQLiteColumn(source: .row(of: rows.statement.handle, 0))
        if let value = Value.read(column) { return value }
        throw SQLiteError(mismatch: Value.self, column, at: 0, of: rows.statement)
    }
}
