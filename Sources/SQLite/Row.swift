import CSQLite

/// A row of a result: the current row of a cursor, or a copy of a row.
///
/// Subscripts do not throw. A column of the wrong kind yields a placeholder, and the transaction then fails at its end instead
/// of committing.
package struct Row {
    private enum Source {
        case current(RowCursor, position: UInt64)
        case copy([SQLiteValue], of: Statement)
    }

    private let source: Source

    /// The current row of a cursor, valid until the cursor advances.
    init(of cursor: RowCursor) {
        source = .current(cursor, position: cursor.statement.position)
    }

    /// A copy of the current row of a statement.
    init(copyOf statement: Statement) {
        let columns = 0..<sqlite3_column_count(statement.handle)
        source = .copy(columns.map { SQLiteColumn(source: .row(of: statement.handle, $0)).value }, of: statement)
    }

    /// The value of a column that is never NULL. Columns count from zero.
    package subscript<Value: SQLiteConvertible>(_ index: Int) -> Value { value(at: index) }

    /// The value of a column; `nil` for NULL. Columns count from zero.
    package subscript<Value: SQLiteConvertible>(_ index: Int) -> Value? { valueOrNull(at: index) }

    /// The value of a named column that is never NULL. The case of the name does not matter.
    package subscript<Value: SQLiteConvertible>(_ name: String) -> Value { self[index(of: name)] }

    /// The value of a named column; `nil` for NULL. The case of the name does not matter.
    package subscript<Value: SQLiteConvertible>(_ name: String) -> Value? { self[index(of: name)] }

    fileprivate func value<Value: SQLiteConvertible>(at index: Int) -> Value {
        let column = column(at: index)
        if let value = Value.read(column) { return value }
        note(SQLiteError(mismatch: Value.self, column, at: index, of: statement))
        return .placeholder
    }

    fileprivate func valueOrNull<Value: SQLiteConvertible>(at index: Int) -> Value? {
        let column = column(at: index)
        if let value = Value.read(column) { return value }
        if !column.isNull { note(SQLiteError(mismatch: Value.self, column, at: index, of: statement)) }
        return nil
    }

    /// Number of columns.
    package var count: Int { Int(sqlite3_column_count(statement.handle)) }

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
                // For an index out of range SQLite returns NULL.
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

/// The same subscripts for the most common types: Swift does not specialize generic functions for other modules, and type
/// lookups would take half of the time of reading a row.
extension Row {
    package subscript(_ index: Int) -> String { value(at: index) }
    package subscript(_ index: Int) -> String? { valueOrNull(at: index) }
    package subscript(_ index: Int) -> [UInt8] { value(at: index) }
    package subscript(_ index: Int) -> [UInt8]? { valueOrNull(at: index) }
    package subscript(_ index: Int) -> Int { value(at: index) }
    package subscript(_ index: Int) -> Int? { valueOrNull(at: index) }
    package subscript(_ index: Int) -> Int64 { value(at: index) }
    package subscript(_ index: Int) -> Int64? { valueOrNull(at: index) }
    package subscript(_ index: Int) -> Double { value(at: index) }
    package subscript(_ index: Int) -> Double? { valueOrNull(at: index) }
}

extension SQLiteError {
    /// The error of a column that does not hold a `type`.
    init<Value: SQLiteConvertible>(mismatch type: Value.Type, _ column: SQLiteColumn, at index: Int, of statement: Statement) {
        let name = sqlite3_column_name(statement.handle, Int32(index)).map { String(cString: $0) } ?? "\(index)"
        self.init(
            SQLITE_MISMATCH, "column '\(name)' holds \(column.kind), not \(type.kind)", operation: statement.sql)
    }
}
