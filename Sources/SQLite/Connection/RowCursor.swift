/// Goes through the rows of a statement, one at a time. Lets go of them with its end.
package final class RowCursor {
    let statement: Statement
    /// Another use of the statement ends this one.
    private var position: UInt64

    init(_ statement: Statement, _ arguments: StatementArguments) throws(SQLiteError) {
        self.statement = statement
        try statement.begin(arguments)
        position = statement.position
    }

    /// The next row, to be read before the one after it; `nil` when there is none.
    package func next() throws(SQLiteError) -> Row? { try advance() ? Row(of: self) : nil }

    /// Goes on to the next row.
    ///
    /// - Returns: false when there is none.
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

/// Goes through the first column of the rows of a statement.
package struct ValueCursor<Value: SQLiteConvertible> {
    private let rows: RowCursor

    init(_ rows: RowCursor) { self.rows = rows }

    /// The next value; `nil` when there is none.
    ///
    /// - Throws: `SQLITE_MISMATCH` for NULL and for values of another kind.
    package func next() throws(SQLiteError) -> Value? {
        guard try rows.advance() else { return nil }
        let column = SQLiteColumn(source: .row(of: rows.statement.handle, 0))
        if let value = Value.read(column) { return value }
        throw SQLiteError(mismatch: Value.self, column, at: 0, of: rows.statement)
    }
}
