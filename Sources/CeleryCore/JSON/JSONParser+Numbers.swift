extension JSONParser {
    /// Reads a number, or `-Infinity`. A number that `Double.pythonRepr` might write differently keeps its spelling.
    mutating func number() throws(JSONError) -> JSON {
        let start = position
        var at = start
        let isNegative = byte(at) == .minus
        if isNegative {
            at += 1
            if at < count, byte(at) == UInt8(ascii: "I") {
                return try literal("-Infinity", .double(-.infinity))
            }
        }
        guard at < count else { throw error(.unexpectedEnd, at: at) }
        guard isDigit(at) else { throw error(.invalidNumber, at: start) }

        // The digits as one integer, and the power of ten to multiply it by.
        var digits: UInt64 = 0
        var digitCount = 0
        var exponent = 0
        func take(_ digit: UInt8) {
            digits = digits &* 10 &+ UInt64(digit - .zero)
            if digits != 0 { digitCount += 1 }
        }
        if byte(at) == .zero {
            at += 1
        } else {
            while isDigit(at) { take(byte(at)); at += 1 }
        }
        var isInteger = true
        if at < count, byte(at) == UInt8(ascii: ".") {
            isInteger = false
            at += 1
            guard isDigit(at) else { throw error(.invalidNumber, at: start) }
            while isDigit(at) { take(byte(at)); exponent -= 1; at += 1 }
        }
        let fractionEnd = at
        if at < count, byte(at) | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            at += 1
            let isDivisor = at < count && byte(at) == .minus
            if isDivisor || at < count && byte(at) == UInt8(ascii: "+") { at += 1 }
            guard isDigit(at) else { throw error(.invalidNumber, at: start) }
            var power = 0
            while isDigit(at) { power = min(power * 10 + Int(byte(at) - .zero), 1 << 20); at += 1 }
            exponent += isDivisor ? -power : power
        }
        position = at

        if isInteger {
            if isNegative, digitCount == 0 { return .double(-0.0, spelling: asWritten(start, at)) }
            if digitCount <= 18 { return .int(isNegative ? -Int64(digits) : Int64(digits)) }
            let text = literalText(start, at)
            return Int64(text).map(JSON.int) ?? .bigInteger(text)
        }
        // Up to 15 digits survive the way into a double and back; below 1e-4 Python writes an exponent.
        let isShortest = fractionEnd == at && digitCount <= 15 && digitCount + exponent >= -3
            && (byte(at - 1) != .zero || exponent == -1)
        let spelling = isShortest ? .shortest : asWritten(start, at)
        // Both factors are exact, so there is one rounding: the result is the nearest double.
        if digitCount <= 15, -22...22 ~= exponent {
            let factor = Self.powersOfTen[abs(exponent)]
            let magnitude = exponent < 0 ? Double(digits) / factor : Double(digits) * factor
            return .double(isNegative ? -magnitude : magnitude, spelling: spelling)
        }
        guard let value = Double(literalText(start, at)) else { throw error(.invalidNumber, at: start) }
        return .double(value, spelling: spelling)
    }

    private func asWritten(_ start: Int, _ end: Int) -> JSONSpelling {
        JSONSpelling(validated: UnsafeRawBufferPointer(start: base + start, count: end - start))
    }

    private func isDigit(_ at: Int) -> Bool { at < count && .zero ... .nine ~= byte(at) }

    private func literalText(_ start: Int, _ end: Int) -> String {
        String(decoding: UnsafeRawBufferPointer(start: base + start, count: end - start), as: UTF8.self)
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
