/// A JSON output style.
public enum JSONStyle: Sendable {
    /// Byte for byte the output of Python's `json.dumps`: `, ` and `: `, ASCII only, with the literals `NaN` and `Infinity`.
    /// Only numbers that were read are written as they were spelled.
    case python
    /// RFC 8259 in UTF-8 without spaces. Values outside RFC 8259 become `null`.
    case compact
}

extension JSON {
    /// The value encoded as UTF-8.
    public func bytes(style: JSONStyle = .compact) -> [UInt8] {
        var writer = JSONWriter(style: style)
        writer.append(self)
        return writer.bytes
    }

    /// The value as text.
    public func text(style: JSONStyle = .compact) -> String {
        String(decoding: bytes(style: style), as: UTF8.self)
    }
}

struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private let style: JSONStyle

    init(style: JSONStyle) {
        self.style = style
        bytes.reserveCapacity(256)
    }

    mutating func append(_ value: JSON) {
        switch value {
        case .null: append(word: "null")
        case .bool(let value): append(word: value ? "true" : "false")
        case .int(let value): append(integer: value)
        case .bigInteger(let digits): append(bigInteger: digits)
        case .double(let value, let spelling):
            if let written = spelling.bytes { bytes.append(contentsOf: written) } else { append(double: value) }
        case .string(let text): append(string: text)
        case .array(let elements):
            bytes.append(.openBracket)
            var isFirst = true
            for element in elements {
                if !isFirst { appendComma() }
                isFirst = false
                append(element)
            }
            bytes.append(.closeBracket)
        case .object(let object):
            bytes.append(.openBrace)
            var isFirst = true
            for (key, value) in object.members {
                if !isFirst { appendComma() }
                isFirst = false
                append(string: key)
                bytes.append(.colon)
                if style == .python { bytes.append(UInt8(ascii: " ")) }
                append(value)
            }
            bytes.append(.closeBrace)
        }
    }

    private mutating func appendComma() {
        bytes.append(.comma)
        if style == .python { bytes.append(UInt8(ascii: " ")) }
    }

    private mutating func append(word: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private mutating func append(integer value: Int64) {
        if value < 0 { bytes.append(.minus) }
        var rest = value.magnitude
        let start = bytes.count
        repeat {
            bytes.append(.zero + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest != 0
        bytes[start...].reverse()
    }

    private mutating func append(bigInteger digits: String) {
        let magnitude = digits.utf8.first == .minus ? digits.utf8.dropFirst() : digits.utf8[...]
        // The digits come from callers and may not be an integer.
        let isInteger = !magnitude.isEmpty && magnitude.allSatisfy { .zero ... .nine ~= $0 }
            && (magnitude.count == 1 || magnitude.first != .zero)
        if isInteger { bytes.append(contentsOf: digits.utf8) } else { append(string: digits) }
    }

    private mutating func append(double value: Double) {
        if value.isFinite {
            value.appendPythonRepr(to: &bytes)
        } else if style == .compact {
            append(word: "null")
        } else {
            append(word: value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
        }
    }
}

// MARK: Strings

extension JSONWriter {
    private mutating func append(string: String) {
        var string = string
        bytes.append(.quote)
        string.withUTF8 { text in
            var runStart = 0
            var at = 0
            while at < text.count {
                let next = text[at]
                if next >= 0x20 && next < 0x7F && next != .quote && next != .backslash
                    || next >= 0x7F && style == .compact
                {
                    at += 1
                    continue
                }
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[runStart..<at]))
                at += appendEscape(at: at, of: text)
                runStart = at
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[runStart...]))
        }
        bytes.append(.quote)
    }

    /// Escapes the scalar at `at`; returns its length in bytes.
    private mutating func appendEscape(at: Int, of text: UnsafeBufferPointer<UInt8>) -> Int {
        switch text[at] {
        case .quote: append(word: "\\\"")
        case .backslash: append(word: "\\\\")
        case 0x08: append(word: "\\b")
        case 0x0C: append(word: "\\f")
        case 0x0A: append(word: "\\n")
        case 0x0D: append(word: "\\r")
        case 0x09: append(word: "\\t")
        case let control where control < 0x80: appendUnicodeEscape(UInt32(control))
        default: return appendScalar(at: at, of: text)
        }
        return 1
    }

    /// Escapes a non-ASCII scalar. A Swift string is valid UTF-8, so its bytes need no checks.
    private mutating func appendScalar(at: Int, of text: UnsafeBufferPointer<UInt8>) -> Int {
        let length = (~text[at]).leadingZeroBitCount
        var scalar = UInt32(text[at] & (0xFF >> UInt8(length + 1)))
        for next in text[(at + 1)..<(at + length)] { scalar = scalar << 6 | UInt32(next & 0x3F) }
        if scalar < 0x10000 {
            appendUnicodeEscape(scalar)
        } else {
            appendUnicodeEscape(0xD800 + (scalar - 0x10000) >> 10)
            appendUnicodeEscape(0xDC00 + (scalar - 0x10000) & 0x3FF)
        }
        return length
    }

    private mutating func appendUnicodeEscape(_ unit: UInt32) {
        append(word: "\\u")
        for shift: UInt32 in [12, 8, 4, 0] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift) & 0xF
            bytes.append(digit < 10 ? .zero + digit : UInt8(ascii: "a") - 10 + digit)
        }
    }
}
