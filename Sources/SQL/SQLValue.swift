/// A value of a statement or of a row, in any database.
package enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    package init(text: String?) { self = text.map(SQLValue.text) ?? .null }

    /// The value as text: databases differ in what they return for the same column.
    package var text: String? {
        switch self {
        case .null: nil
        case .integer(let number): String(number)
        case .text(let text): text
        case .blob(let bytes): String(decoding: bytes, as: UTF8.self)
        }
    }

    /// The value as bytes.
    package var bytes: [UInt8]? {
        if case .blob(let bytes) = self { return bytes }
        return text.map { Array($0.utf8) }
    }

    /// The whole number, also one written as text; `nil` for any other value.
    package var integer: Int64? {
        if case .integer(let number) = self { return number }
        return text.flatMap { Int64($0) }
    }
}
