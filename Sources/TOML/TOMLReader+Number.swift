extension TOMLReader {
    /// `inf` and `nan`, also with a sign.
    static func isNotFinite(_ word: ArraySlice<UInt8>) -> Bool {
        let name = word.first == UInt8(ascii: "+") || word.first == UInt8(ascii: "-") ? word.dropFirst() : word
        return name.elementsEqual("inf".utf8) || name.elementsEqual("nan".utf8)
    }

    func number(_ word: ArraySlice<UInt8>) throws(TOMLError) -> TOMLValue {
        let sign = word.first.flatMap { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") ? $0 : nil }
        let body = sign == nil ? word : word.dropFirst()
        if Self.isNotFinite(word) {
            let value: Double = body.first == UInt8(ascii: "i") ? .infinity : .nan
            return .float(sign == UInt8(ascii: "-") ? -value : value, text: String(decoding: word, as: UTF8.self))
        }
        if let radix = Self.radix(body) {
            guard sign == nil else { throw failure(at: word.startIndex, "a number in base \(radix) may not have a sign") }
            return .integer(try integer(try digits(body.dropFirst(2), radix: radix), radix: radix, at: word.startIndex))
        }
        let minus = sign == UInt8(ascii: "-") ? "-" : ""
        // Split at the exponent first, then at the point.
        let exponentAt = body.firstIndex { $0 | 0x20 == UInt8(ascii: "e") }
        let mantissa = body[..<(exponentAt ?? body.endIndex)]
        let pointAt = mantissa.firstIndex(of: UInt8(ascii: "."))
        let whole = try digits(mantissa[..<(pointAt ?? mantissa.endIndex)], radix: 10)
        guard whole.utf8.count == 1 || !whole.hasPrefix("0") else {
            throw failure(at: word.startIndex, "a number may not begin with 0; write text in quotes")
        }
        guard exponentAt != nil || pointAt != nil else {
            return .integer(try integer(minus + whole, radix: 10, at: word.startIndex))
        }
        var text = minus + whole
        if let pointAt { text += "." + (try digits(mantissa[(pointAt + 1)...], radix: 10)) }
        if let exponentAt {
            var exponent = body[(exponentAt + 1)...]
            text.unicodeScalars.append(UnicodeScalar(body[exponentAt]))
            if let sign = exponent.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                text.unicodeScalars.append(UnicodeScalar(sign))
                exponent = exponent.dropFirst()
            }
            text += try digits(exponent, radix: 10)
        }
        guard let value = Double(text) else { throw failure(at: word.startIndex, "the number cannot be read") }
        return .float(value, text: text)
    }

    private static func radix(_ body: ArraySlice<UInt8>) -> Int? {
        guard body.first == UInt8(ascii: "0") else { return nil }
        return switch body.dropFirst().first {
        case UInt8(ascii: "x"): 16
        case UInt8(ascii: "o"): 8
        case UInt8(ascii: "b"): 2
        default: nil
        }
    }

    /// Digits without the underscores between them.
    private func digits(_ body: ArraySlice<UInt8>, radix: Int) throws(TOMLError) -> String {
        var digits: [UInt8] = []
        var previous: UInt8?
        for (place, byte) in zip(body.indices, body) {
            if byte == UInt8(ascii: "_") {
                let next = place + 1 < body.endIndex ? body[place + 1] : nil
                guard previous != nil, previous != byte, let next, next != byte else {
                    throw failure(at: place, "an underscore in a number must stand between two digits")
                }
            } else {
                guard let value = Character(UnicodeScalar(byte)).hexDigitValue, value < radix else {
                    throw failure(at: place, "a number may not hold \(shown(at: place)) here; write text in quotes")
                }
                digits.append(byte)
            }
            previous = byte
        }
        guard !digits.isEmpty else { throw failure(at: body.startIndex, "a digit is missing in the number") }
        return String(decoding: digits, as: UTF8.self)
    }

    private func integer(_ digits: String, radix: Int, at place: Int) throws(TOMLError) -> Int64 {
        guard let value = Int64(digits, radix: radix) else {
            throw failure(at: place, "the number does not fit into 64 bits")
        }
        return value
    }
}
