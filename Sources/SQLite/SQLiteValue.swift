import CSQLite

/// A value of any kind that SQLite stores.
package enum SQLiteValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

/// A type whose values can be bound to a parameter and read from a column.
package protocol SQLiteConvertible: Sendable {
    /// The value as SQLite stores it.
    var sqliteValue: SQLiteValue { get }

    /// Binds the value to a parameter of a statement.
    ///
    /// - Returns: A result code of SQLite.
    func bind(to parameter: SQLiteParameter) -> Int32

    /// Reads the value of a column.
    ///
    /// - Returns: `nil` for NULL, and for a value that this type cannot represent.
    static func read(_ column: SQLiteColumn) -> Self?

    /// The kind of value, for error messages.
    static var kind: String { get }

    /// A substitute for an unreadable value, in a transaction that will fail.
    static var placeholder: Self { get }
}

/// A parameter of a statement, to which a value is being bound. SQLite copies texts and blobs.
package struct SQLiteParameter {
    let statement: OpaquePointer
    let index: Int32

    func bindNull() -> Int32 { sqlite3_bind_null(statement, index) }
    func bind(_ value: Int64) -> Int32 { sqlite3_bind_int64(statement, index, value) }
    func bind(_ value: Double) -> Int32 { sqlite3_bind_double(statement, index, value) }
    func bind(text: UnsafeBufferPointer<UInt8>) -> Int32 {
        celery_sqlite_bind_text(statement, index, text.baseAddress, UInt64(text.count))
    }
    func bind(blob: UnsafeBufferPointer<UInt8>) -> Int32 {
        celery_sqlite_bind_blob(statement, index, blob.baseAddress, UInt64(blob.count))
    }
}

/// A column being read: of the current row of a statement, or of a copied row.
package struct SQLiteColumn {
    enum Source {
        case row(of: OpaquePointer, Int32)
        case value(SQLiteValue)
    }

    let source: Source

    /// The kind of its value, for error messages.
    var kind: String {
        switch value {
        case .null: "NULL"
        case .integer: "an integer"
        case .real: "a real"
        case .text: "a text"
        case .blob: "a blob"
        }
    }

    var isNull: Bool {
        switch source {
        case .row(let statement, let index): sqlite3_column_type(statement, index) == SQLITE_NULL
        case .value(let value): value == .null
        }
    }

    /// The integer, or a real that is whole; `nil` for anything else.
    var integer: Int64? {
        switch source {
        case .row(let statement, let index):
            switch sqlite3_column_type(statement, index) {
            case SQLITE_INTEGER: sqlite3_column_int64(statement, index)
            case SQLITE_FLOAT: Int64(exactly: sqlite3_column_double(statement, index))
            default: nil
            }
        case .value(.integer(let value)): value
        case .value(.real(let value)): Int64(exactly: value)
        case .value: nil
        }
    }

    var real: Double? {
        switch source {
        case .row(let statement, let index):
            switch sqlite3_column_type(statement, index) {
            case SQLITE_FLOAT, SQLITE_INTEGER: sqlite3_column_double(statement, index)
            default: nil
            }
        case .value(.real(let value)): value
        case .value(.integer(let value)): Double(value)
        case .value: nil
        }
    }

    /// The text, or a blob that is valid UTF-8; `nil` for anything else. Invalid bytes in a text are replaced.
    var text: String? {
        switch source {
        case .row(let statement, let index):
            switch sqlite3_column_type(statement, index) {
            case SQLITE_TEXT:
                // SQLite may convert the text first, so its length comes second.
                let bytes = sqlite3_column_text(statement, index)
                let count = Int(sqlite3_column_bytes(statement, index))
                return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
            case SQLITE_BLOB: return blob.flatMap { String(validating: $0, as: UTF8.self) }
            default: return nil
            }
        case .value(.text(let value)): return value
        case .value(.blob(let value)): return String(validating: value, as: UTF8.self)
        case .value: return nil
        }
    }

    /// The blob, or the bytes of a text; `nil` for anything else.
    var blob: [UInt8]? {
        switch source {
        case .row(let statement, let index):
            switch sqlite3_column_type(statement, index) {
            case SQLITE_BLOB, SQLITE_TEXT:
                let bytes = sqlite3_column_blob(statement, index)
                let count = Int(sqlite3_column_bytes(statement, index))
                return [UInt8](UnsafeRawBufferPointer(start: bytes, count: count))
            default: return nil
            }
        case .value(.blob(let value)): return value
        case .value(.text(let value)): return [UInt8](value.utf8)
        case .value: return nil
        }
    }

    var value: SQLiteValue {
        switch source {
        case .row(let statement, let index):
            switch sqlite3_column_type(statement, index) {
            case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, index))
            case SQLITE_FLOAT: .real(sqlite3_column_double(statement, index))
            case SQLITE_TEXT: .text(text ?? "")
            case SQLITE_BLOB: .blob(blob ?? [])
            default: .null
            }
        case .value(let value): value
        }
    }
}

extension SQLiteValue {
    /// A text, or NULL for `nil`.
    package init(text: String?) { self = text.map { .text($0) } ?? .null }

    /// The text, or a blob that is valid UTF-8; `nil` for anything else.
    package var text: String? { SQLiteColumn(source: .value(self)).text }

    /// The integer, or a real that is whole; `nil` for anything else.
    package var integer: Int64? { SQLiteColumn(source: .value(self)).integer }
}
