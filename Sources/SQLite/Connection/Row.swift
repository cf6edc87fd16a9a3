import CSQLite

/// A row of a result: either the one that a cursor stands on, or a copy.
///
/// An expression that reads a column cannot throw. So a column that holds a value of another kind than is asked for
/// reads as a placeholder, and the transaction fails at its end.
package struct Row {
    private enum Source {
        case current(RowCursor, position: UInt64)
        case copy([SQLiteValue], of: Statement)
    }

    private let source: Source

    /// The row that a cursor stands on. Not to be read after the cursor has moved on.
    init(of cursor: RowCursor) {
        source = .current(cursor, position: cursor.statement.position)
    }

    /// A copy of the row that a statement stands on.
    init(copyOf statement: Statement) {
        let columns = 0..<sqlite3_column_count(statement.handle)
        source = .copy(columns.map { SQLiteColumn(source: .row(of: statement.handle, $0)).value }, of: statement)
    }

    /// The value of a column, counted from zero, that is never NULL.
    package subscript<Value: SQLiteConvertible>(_ index: Int) -> Value {
        let column = column(at: index)
        if let value = Value.read(column) { return value }
        note(SQLiteError(mismatch: Value.self, column, at: index, of: statement))
        return .placeholder
    }

    /// The value of a column, counted from zero; `nil` for NULL.
    package subscript<Value: SQLiteConvertible>(_ index: Int) -> Value? {
        let column = column(at: index)
        if let value = Value.read(column) { return value }
        if !column.isNull { note(SQLiteError(mismatch: Value.self, column, at: index, of: statement)) }
        return nil
    }

    /// The value of a column, by its name in any case, that is never NULL.
    package subscript<Value: SQLiteConvertible>(_ name: String) -> Value { self[index(of: name)] }

    /// The value of a column, by its name in any case; `nil` for NULL.
    package subscript<Value: SQLiteConvertible>(_ name: String) -> Value? { self[index(of: name)] }

    private var statement: Statement {
        switch source {
        case .current(let cursor, _): cursor.statement
        case .copy(_, let statement): statement
        }
    }

    private func index(of name: String) -> Int {
        if let index = statement.index(ofColumn: name) { return index }
        note(SQLiteError(SQLITE_RANGE, "no column '\(name)'", operation: statement.sql))
        return -1
    }

    private func column(at index: Int) -> SQLiteColumn {
        switch source {
        case .current(let cursor, let position):
            if cursor.statement.position == position {
                // SQLite itself gives NULL for a column that is not there.
                return SQLiteColumn(source: .row(of: cursor.statement.handle, Int32(index)))
            }
            note(SQLiteError(SQLITE_MISUSE, "a row was read after its cursor had moved on", operation: cursor.statement.sql))
        case .copy(let values, _):
            if values.indices.contains(index) { return SQLiteColumn(source: .value(values[index])) }
        }
        return SQLiteColumn(source: .value(.null))
    }

    private func note(_ error: SQLiteError) {
        if statement.connection.mismatch == nil { statement.connection.mismatch = error }
    }
}

extension SQLiteError {
    /// A column that holds a value of another kind than `type`.
    init<Value: SQLiteConvertible>(mismatch type: Value.Type, _ column: SQLiteColumn, at index: Int, of statement: Statement) {
        let name = sqlite3_column_name(statement.handle, Int32(index)).map { String(cString: $0) } ?? "\(index)"
        self.init(
            SQLITE_MISMATCH, "column '\(name)' holds \(column.kind), not \(type.kind)", operation: statement.sql)
    }
}
