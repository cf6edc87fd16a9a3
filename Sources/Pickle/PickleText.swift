/// The texts of protocol 0, with their escapes.
enum PickleText {
    /// A `str` of Python 2 or bytes, in quotes, with the escapes of a Python literal; `nil` if it is none.
    static func quoted(_ line: ArraySlice<UInt8>) -> [UInt8]? {
        guard let quote = line.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""),
            line.count >= 2, line.last == quote
        else { return nil }
        var bytes: [UInt8] = []
        var rest = line.dropFirst().dropLast()
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard let escape = rest.popFirst() else { return nil }
            switch escape {
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): bytes.append(escape)
            case UInt8(ascii: "x"):
                guard let value = hexadecimal(&rest, digits: 2) else { return nil }
                bytes.append(UInt8(truncatingIfNeeded: value))
            default: return nil
            }
        }
        return bytes
    }

    /// A text in the `raw-unicode-escape` encoding: Latin-1, with `\uXXXX` and `\UXXXXXXXX`.
    static func rawUnicode(_ line: ArraySlice<UInt8>) -> String? {
        var units: [UInt16] = []
        var rest = line
        while let byte = rest.popFirst() {
            let isLong = rest.first == UInt8(ascii: "U")
            guard byte == UInt8(ascii: "\\"), isLong || rest.first == UInt8(ascii: "u") else {
                units.append(UInt16(byte))
                continue
            }
            rest.removeFirst()
            guard let value = hexadecimal(&rest, digits: isLong ? 8 : 4) else { return nil }
            if value > 0xFFFF {
                guard let scalar = Unicode.Scalar(value) else { return nil }
                units += UTF16.encode(scalar)!
            } else {
                units.append(UInt16(value))
            }
        }
        return String(decoding: units, as: UTF16.self)
    }

    private static func hexadecimal(_ rest: inout ArraySlice<UInt8>, digits: Int) -> UInt32? {
        guard rest.count >= digits else { return nil }
        var value: UInt32 = 0
        for byte in rest.prefix(digits) {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            value = value << 4 | UInt32(digit)
        }
        rest.removeFirst(digits)
        return value
    }

    /// Bytes as a text: UTF-8, or else Latin-1. For `str` of Python 2, which may be either.
    static func text(_ bytes: some Collection<UInt8>) -> String {
        String(validating: bytes, as: UTF8.self) ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}
