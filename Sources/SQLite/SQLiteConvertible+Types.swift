extension SQLiteConvertible where Self: FixedWidthInteger {
    package var sqliteValue: SQLiteValue { .integer(Int64(self)) }
    package func bind(to parameter: SQLiteParameter) -> Int32 { parameter.bind(Int64(self)) }
    package static func read(_ column: SQLiteColumn) -> Self? { column.integer.flatMap(Self.init(exactly:)) }
    package static var kind: String { Self.bitWidth == 64 ? "an integer" : "an integer of \(Self.bitWidth) bits" }
    package static var placeholder: Self { 0 }
}

extension Int: SQLiteConvertible {}
extension Int32: SQLiteConvertible {}
extension Int64: SQLiteConvertible {}

/// Stored as 0 and 1.
extension Bool: SQLiteConvertible {
    package var sqliteValue: SQLiteValue { .integer(self ? 1 : 0) }
    package func bind(to parameter: SQLiteParameter) -> Int32 { parameter.bind(self ? 1 as Int64 : 0) }
    package static func read(_ column: SQLiteColumn) -> Bool? { column.integer.map { $0 != 0 } }
    package static var kind: String { "an integer" }
    package static var placeholder: Bool { false }
}

/// SQLite stores NaN as NULL.
extension Double: SQLiteConvertible {
    package var sqliteValue: SQLiteValue { .real(self) }
    package func bind(to parameter: SQLiteParameter) -> Int32 { parameter.bind(self) }
    package static func read(_ column: SQLiteColumn) -> Double? { column.real }
    package static var kind: String { "a number" }
    package static var placeholder: Double { 0 }
}

extension String: SQLiteConvertible {
    package var sqliteValue: SQLiteValue { .text(self) }
    package func bind(to parameter: SQLiteParameter) -> Int32 {
        var text = self
        return text.withUTF8 { parameter.bind(text: $0) }
    }
    package static func read(_ column: SQLiteColumn) -> String? { column.text }
    package static var kind: String { "a text" }
    package static var placeholder: String { "" }
}

/// Stored as a blob.
extension Array: SQLiteConvertible where Element == UInt8 {
    package var sqliteValue: SQLiteValue { .blob(self) }
    package func bind(to parameter: SQLiteParameter) -> Int32 { withUnsafeBufferPointer { parameter.bind(blob: $0) } }
    package static func read(_ column: SQLiteColumn) -> [UInt8]? { column.blob }
    package static var kind: String { "a blob" }
    package static var placeholder: [UInt8] { [] }
}

/// Reads any value, NULL as `.null`.
extension SQLiteValue: SQLiteConvertible {
    package var sqliteValue: SQLiteValue { self }

    package func bind(to parameter: SQLiteParameter) -> Int32 {
        switch self {
        case .null: parameter.bindNull()
        case .integer(let value): parameter.bind(value)
        case .real(let value): parameter.bind(value)
        case .text(let value): value.bind(to: parameter)
        case .blob(let value): value.bind(to: parameter)
        }
    }

    package static func read(_ column: SQLiteColumn) -> SQLiteValue? { column.value }
    package static var kind: String { "a value" }
    package static var placeholder: SQLiteValue { .null }
}
