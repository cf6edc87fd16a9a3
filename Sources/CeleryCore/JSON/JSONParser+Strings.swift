extension JSONParser {
    /// Reads the rest of a string after its opening quote, including the closing quote.
    mutating func string() throws(JSONError) -> String {
        let start = position
        let (end, isASCII) = plainEnd(from: start)
        guard end < count else { throw error(.unexpectedEnd, at: count) }
        lastStringWasEscaped = byte(end) == .backslash
        switch byte(end) {
        case .quote:
            position = end + 1
            let bytes = UnsafeRawBufferPointer(start: base + start, count: end - start)
            // The non-generic initializer is by far the fastest, and ASCII needs no repair.
            if isASCII { return String(decoding: bytes.assumingMemoryBound(to: UInt8.self), as: UTF8.self) }
            return try text(bytes, from: start)
        case .backslash:
            return try escapedString(start: start, plainEnd: end, isASCII: isASCII)
        default:
            throw error(.controlCharacter, at: end)
        }
    }

    /// The first quote, backslash or control character at or after `start`, or the end; and whether everything before is ASCII.
    ///
    /// Examines eight bytes at a time. In each of the three tests the lowest high bit set marks the first matching byte (the
    /// classic search for a zero byte).
    private func plainEnd(from start: Int) -> (end: Int, isASCII: Bool) {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        var at = start
        var nonASCII: UInt64 = 0
        while at + 8 <= count {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            let quotes = word ^ (ones &* UInt64(UInt8.quote))
            let slashes = word ^ (ones &* UInt64(UInt8.backslash))
            let controls = (word &- ones &* 0x20) & ~word
            let found = ((quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes | controls) & highs
            if found != 0 {
                nonASCII |= word & ((found & (0 &- found)) &- 1) & highs
                return (at + found.trailingZeroBitCount / 8, nonASCII == 0)
            }
            nonASCII |= word & highs
            at += 8
        }
        while at < count {
            let next = byte(at)
            if next == .quote || next == .backslash || next < 0x20 { break }
            nonASCII |= UInt64(next & 0x80)
            at += 1
        }
        return (at, nonASCII == 0)
    }

    private func text(_ bytes: UnsafeRawBufferPointer, from start: Int) throws(JSONError) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        throw error(.invalidUTF8, at: start + Self.validPrefix(of: bytes))
    }

    /// Number of bytes before the first invalid UTF-8.
    private static func validPrefix(of bytes: UnsafeRawBufferPointer) -> Int {
        var valid = 0
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        while case .valid(let scalar) = parser.parseScalar(from: &iterator) { valid += scalar.count }
        return valid
    }

    private mutating func escapedString(
        start: Int, plainEnd: Int, isASCII: Bool
    ) throws(JSONError) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(plainEnd - start + 32)
        var runStart = start
        var at = plainEnd
        var isASCII = isASCII
        while true {
            bytes.append(contentsOf: UnsafeRawBufferPointer(start: base + runStart, count: at - runStart))
            guard at < count else { throw error(.unexpectedEnd, at: count) }
            switch byte(at) {
            case .quote:
                position = at + 1
                // Decoded escapes are valid, so an error can only be in the text between them.
                if isASCII { return String(decoding: bytes, as: UTF8.self) }
                if let text = String(validating: bytes, as: UTF8.self) { return text }
                return try text(UnsafeRawBufferPointer(start: base + start, count: at - start), from: start)
            case .backslash:
                at = try escape(at: at, into: &bytes)
            default:
                throw error(.controlCharacter, at: at)
            }
            runStart = at
            let run = self.plainEnd(from: at)
            at = run.end
            isASCII = isASCII && run.isASCII
        }
    }

    /// Decodes the escape whose backslash is at `start`; returns the end of the escape.
    private func escape(at start: Int, into bytes: inout [UInt8]) throws(JSONError) -> Int {
        guard start + 1 < count else { throw error(.unexpectedEnd, at: count) }
        switch byte(start + 1) {
        case .quote: bytes.append(.quote)
        case .backslash: bytes.append(.backslash)
        case UInt8(ascii: "/"): bytes.append(UInt8(ascii: "/"))
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"): return try unicodeEscape(at: start, into: &bytes)
        default: throw error(.invalidEscape, at: start)
        }
        return start + 2
    }

    /// Decodes `\uXXXX`, or a surrogate pair of two.
    private func unicodeEscape(at start: Int, into bytes: inout [UInt8]) throws(JSONError) -> Int {
        guard let first = hexadecimal(at: start + 2) else { throw error(.invalidEscape, at: start) }
        var end = start + 6
        var value = first
        if 0xD800..<0xDC00 ~= first, end + 1 < count, byte(end) == .backslash, byte(end + 1) == UInt8(ascii: "u"),
            let second = hexadecimal(at: end + 2), 0xDC00..<0xE000 ~= second
        {
            value = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
            end += 6
        }
        // Python keeps an unpaired surrogate; a Swift string cannot.
        let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
        bytes.append(contentsOf: UTF8.encode(scalar) ?? Unicode.UTF8.encodedReplacementCharacter)
        return end
    }

    private func hexadecimal(at start: Int) -> UInt32? {
        guard start + 4 <= count else { return nil }
        var value: UInt32 = 0
        for at in start..<start + 4 {
            switch byte(at) {
            case let digit where .zero ... .nine ~= digit: value = value << 4 | UInt32(digit - .zero)
            case let digit where UInt8(ascii: "a")...UInt8(ascii: "f") ~= digit:
                value = value << 4 | UInt32(digit - UInt8(ascii: "a") + 10)
            case let digit where UInt8(ascii: "A")...UInt8(ascii: "F") ~= digit:
                value = value << 4 | UInt32(digit - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return value
    }
}
