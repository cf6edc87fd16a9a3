/// A value of BSON 1.1 (bsonspec.org).
package enum BSONValue: Sendable, Hashable {
    case double(Double)
    case string(String)
    case document(BSONDocument)
    case array([BSONValue])
    /// Bytes, and what they are: 0 for any.
    case binary([UInt8], subtype: UInt8)
    case bool(Bool)
    /// Milliseconds since 1970.
    case date(Int64)
    case null
    case int32(Int32)
    case int64(Int64)
    /// A value of a type that neither Celery nor a server's answers to our commands have, by the number of the type: an id, a pattern, a
    /// decimal number. It is read over, and cannot be written.
    case other(UInt8)

    package var string: String? { if case .string(let text) = self { text } else { nil } }

    package var document: BSONDocument? { if case .document(let document) = self { document } else { nil } }

    package var array: [BSONValue]? { if case .array(let values) = self { values } else { nil } }

    package var bytes: [UInt8]? { if case .binary(let bytes, _) = self { bytes } else { nil } }

    /// The whole number, also one that a server or a program in JavaScript has as another type of number.
    package var integer: Int? {
        switch self {
        case .int32(let number): Int(number)
        case .int64(let number): Int(number)
        case .double(let number): Int(exactly: number)
        case .bool(let value): value ? 1 : 0
        default: nil
        }
    }

    /// The number.
    package var number: Double? {
        switch self {
        case .double(let number): number
        case .int32(let number): Double(number)
        case .int64(let number): Double(number)
        default: nil
        }
    }

    /// Whether the value is true, or a number other than 0, as `ok` in the answers of a server.
    package var isTrue: Bool {
        switch self {
        case .bool(let value): value
        default: number.map { $0 != 0 } ?? false
        }
    }
}

extension BSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int32) { self = .int32(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: BSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, BSONValue)...) { self = .document(BSONDocument(elements.map { BSONDocument.Member($0, $1) })) }
}
