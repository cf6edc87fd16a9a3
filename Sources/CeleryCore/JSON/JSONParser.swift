extension JSON {
    /// Maximum nesting of arrays and objects; Python itself stops near 1,000.
    public static let nestingLimit = 500

    /// Parses one value in Python's dialect of JSON.
    ///
    /// - Throws: ``JSONError`` with the offset where parsing stopped.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
            try JSON(parsing: UnsafeRawBufferPointer(buffer))
        }
    }

    /// Parses one value from memory, which need not outlive the call.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(JSONError) {
        guard let base = bytes.baseAddress else { throw JSONError(offset: 0, reason: .unexpectedEnd) }
        var parser = JSONParser(base: base, count: bytes.count)
        self = try parser.document()
    }

    /// Parses one value from a string.
    public init(parsing text: String) throws(JSONError) { self = try JSON(parsing: Array(text.utf8)) }
}

/// Parses JSON from UTF-8 bytes in one pass.
///
/// This runs for every message, so it examines bytes, never characters, and creates a `String` only for stored text.
/// Strings and numbers are in extensions.
struct JSONParser {
    let base: UnsafeRawPointer
    let count: Int
    /// Offset of the next byte.
    var position = 0
    /// Whether the last string contained escapes.
    var lastStringWasEscaped = false
    private var depth = 0

    init(base: UnsafeRawPointer, count: Int) {
        self.base = base
        self.count = count
    }

    mutating func document() throws(JSONError) -> JSON {
        skipWhitespace()
        let value = try value()
        skipWhitespace()
        guard position == count else { throw error(.trailingData) }
        return value
    }

    private mutating func value() throws(JSONError) -> JSON {
        guard position < count else { throw error(.unexpectedEnd) }
        switch byte(position) {
        case .quote:
            position += 1
            return .string(try string())
        case .openBrace: return try object()
        case .openBracket: return try array()
        case .minus, .zero ... .nine: return try number()
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "N"): return try literal("NaN", .double(.nan))
        case UInt8(ascii: "I"): return try literal("Infinity", .double(.infinity))
        default: throw error(.unexpectedCharacter)
        }
    }

    /// Reads the literal `word`, which stands for `value`.
    mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let length = word.utf8CodeUnitCount
        for offset in 0..<length {
            guard position + offset < count else { throw error(.unexpectedEnd, at: count) }
            guard byte(position + offset) == word.utf8Start[offset] else { throw error(.unexpectedCharacter) }
        }
        position += length
        return value
    }

    private mutating func array() throws(JSONError) -> JSON {
        try descend()
        var elements: [JSON] = []
        if !closes(.closeBracket) {
            while true {
                skipWhitespace()
                elements.append(try value())
                if try !continues(until: .closeBracket) { break }
            }
        }
        depth -= 1
        return .array(elements)
    }

    private mutating func object() throws(JSONError) -> JSON {
        try descend()
        var members = JSONMembers()
        if !closes(.closeBrace) {
            while true {
                skipWhitespace()
                guard position < count else { throw error(.unexpectedEnd) }
                guard byte(position) == .quote else { throw error(.unexpectedCharacter) }
                position += 1
                let start = position
                let key = try string()
                let fingerprint = lastStringWasEscaped ? nil : fingerprint(start, position - 1)
                skipWhitespace()
                guard position < count else { throw error(.unexpectedEnd) }
                guard byte(position) == .colon else { throw error(.unexpectedCharacter) }
                position += 1
                skipWhitespace()
                members.append(key, try value(), fingerprint: fingerprint)
                if try !continues(until: .closeBrace) { break }
            }
        }
        depth -= 1
        return .object(JSONObject(distinct: members.members))
    }

    /// Enters an array or object, past its opening bracket.
    private mutating func descend() throws(JSONError) {
        guard depth < JSON.nestingLimit else { throw error(.nestedTooDeeply) }
        depth += 1
        position += 1
        skipWhitespace()
    }

    /// Whether an array or object ends immediately.
    private mutating func closes(_ bracket: UInt8) -> Bool {
        guard position < count, byte(position) == bracket else { return false }
        position += 1
        return true
    }

    /// Reads the comma before another element, or the closing bracket.
    private mutating func continues(until bracket: UInt8) throws(JSONError) -> Bool {
        skipWhitespace()
        guard position < count else { throw error(.unexpectedEnd) }
        let next = byte(position)
        guard next == .comma || next == bracket else { throw error(.unexpectedCharacter) }
        position += 1
        return next == .comma
    }

    private mutating func skipWhitespace() {
        while position < count {
            switch byte(position) {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
            default: return
            }
        }
    }

    /// A number that is equal for equal names and cheap to compute.
    private func fingerprint(_ start: Int, _ end: Int) -> UInt64 {
        let length = end - start
        guard length > 0 else { return 0 }
        let sample =
            UInt64(byte(start)) | UInt64(byte(end - 1)) << 8 | UInt64(byte(start + length / 2)) << 16
            | UInt64(truncatingIfNeeded: length) << 24
        return sample &* 0x9E37_79B9_7F4A_7C15
    }

    func byte(_ at: Int) -> UInt8 { base.load(fromByteOffset: at, as: UInt8.self) }

    func error(_ reason: JSONError.Reason, at offset: Int? = nil) -> JSONError {
        JSONError(offset: offset ?? position, reason: reason)
    }
}

extension UInt8 {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let comma = UInt8(ascii: ",")
    static let colon = UInt8(ascii: ":")
    static let minus = UInt8(ascii: "-")
    static let zero = UInt8(ascii: "0")
    static let nine = UInt8(ascii: "9")
    static let openBrace = UInt8(ascii: "{")
    static let closeBrace = UInt8(ascii: "}")
    static let openBracket = UInt8(ascii: "[")
    static let closeBracket = UInt8(ascii: "]")
}
