extension TOMLReader {
    /// `"text"` or `'text'`, on one line.
    mutating func text() throws(TOMLError) -> String {
        let start = index
        let quote = bytes[index]
        index += 1
        var text: [UInt8] = []
        while let byte = current {
            switch byte {
            case quote:
                index += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\") where quote == UInt8(ascii: "\""): try escape(into: &text)
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                throw failure(at: start, "the text that begins here has no closing \(Character(UnicodeScalar(quote))) in its line")
            default: try take(byte, into: &text)
            }
        }
        throw failure(at: start, "the text that begins here has no closing \(Character(UnicodeScalar(quote)))")
    }

    /// `"""text"""` or `'''text'''`, over any number of lines.
    mutating func longText() throws(TOMLError) -> String {
        let start = index
        let quote = bytes[index]
        index += 3
        // A line end right behind the quotes is not part of the text.
        _ = skipNewline()
        var text: [UInt8] = []
        while let byte = current {
            switch byte {
            case quote:
                var count = 0
                // Up to two quotes may stand right before the closing three.
                while current == quote, count < 5 {
                    index += 1
                    count += 1
                }
                text.append(contentsOf: repeatElement(quote, count: count < 3 ? count : count - 3))
                if count >= 3 { return String(decoding: text, as: UTF8.self) }
            case UInt8(ascii: "\\") where quote == UInt8(ascii: "\""):
                if !skipLineEnding() { try escape(into: &text) }
            case UInt8(ascii: "\r") where peek(1) == UInt8(ascii: "\n"), UInt8(ascii: "\n"):
                text.append(byte)
                index += 1
            default: try take(byte, into: &text)
            }
        }
        let quotes = String(repeating: Character(UnicodeScalar(quote)), count: 3)
        throw failure(at: start, "the text that begins here has no closing \(quotes)")
    }

    private mutating func take(_ byte: UInt8, into text: inout [UInt8]) throws(TOMLError) {
        guard Self.isPrintable(byte) else { throw controlCharacter(in: "text") }
        text.append(byte)
        index += 1
    }

    /// A backslash at the end of a line takes it, and all blanks and empty lines behind, out of the text.
    private mutating func skipLineEnding() -> Bool {
        let start = index
        index += 1
        skipBlanks()
        guard skipNewline() else {
            index = start
            return false
        }
        repeat { skipBlanks() } while skipNewline()
        return true
    }

    private mutating func escape(into text: inout [UInt8]) throws(TOMLError) {
        let start = index
        index += 1
        guard let letter = current else { throw failure(at: start, "the text ends behind a backslash") }
        index += 1
        switch letter {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(letter)
        case UInt8(ascii: "u"): text.append(contentsOf: try scalar(digits: 4, at: start).utf8)
        case UInt8(ascii: "U"): text.append(contentsOf: try scalar(digits: 8, at: start).utf8)
        default:
            throw failure(
                at: start, "a backslash may not stand before \(shown(at: start + 1)); write \\\\ for a backslash, or the text in single quotes")
        }
    }

    private mutating func scalar(digits: Int, at start: Int) throws(TOMLError) -> String {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = current, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw failure(at: start, "\\\(digits == 4 ? "u" : "U") needs \(digits) hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        guard let scalar = UnicodeScalar(value) else {
            throw failure(at: start, "U+\(String(value, radix: 16, uppercase: true)) is not a Unicode character")
        }
        return String(scalar)
    }
}
