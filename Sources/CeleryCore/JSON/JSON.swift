/// A JSON value in Python's dialect.
///
/// Celery bodies are written by Python's `json` module, which extends RFC 8259: integers of any size, and the literals `NaN`,
/// `Infinity` and `-Infinity`. Objects preserve the order of their members, so that a message is passed on as it came.
public enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    /// An integer literal outside `Int64`, digits as written.
    case bigInteger(String)
    /// Any other number, and how it was written. Numbers are compared and hashed by value alone.
    case double(Double, spelling: JSONSpelling = .shortest)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON {
    /// The text of a string.
    public var stringValue: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of an integer that fits `Int`.
    public var intValue: Int? {
        switch self {
        case .int(let number): Int(exactly: number)
        // `-0` is an integer to Python.
        case .double(0, let spelling) where spelling.isInteger: 0
        default: nil
        }
    }

    /// The value of an integer or floating-point number.
    public var doubleValue: Double? {
        switch self {
        case .int(let number): Double(number)
        case .double(let number, _): number
        default: nil
        }
    }

    /// The value of a Boolean.
    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The elements of an array.
    public var arrayValue: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members of an object.
    public var objectValue: JSONObject? {
        if case .object(let members) = self { members } else { nil }
    }

    /// Whether this is `null`.
    public var isNull: Bool { self == .null }

    /// The member of an object with this name.
    public subscript(key: String) -> JSON? { objectValue?[key] }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements))
    }
}
