extension Double {
    /// The number as Python's `repr` writes it: `1.0`, `1e+16`, `1.5e-07`, `nan`.
    package var pythonRepr: String {
        guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
        var bytes: [UInt8] = []
        appendPythonRepr(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the `repr` of a finite number.
    ///
    /// Swift and Python agree on the digits (the fewest that read back as the same number) but not on when to use an exponent:
    /// Python does below 1e-4 and from 1e16, and writes at least two exponent digits.
    package func appendPythonRepr(to bytes: inout [UInt8]) {
        let (digits, point) = shortestDigits
        if sign == .minus { bytes.append(.minus) }
        let dot = UInt8(ascii: ".")
        if !(-3...16 ~= point) {
            bytes.append(digits[0])
            if digits.count > 1 {
                bytes.append(dot)
                bytes.append(contentsOf: digits[1...])
            }
            let exponent = point - 1
            bytes.append(UInt8(ascii: "e"))
            bytes.append(exponent < 0 ? .minus : UInt8(ascii: "+"))
            if abs(exponent) < 10 { bytes.append(.zero) }
            bytes.append(contentsOf: String(abs(exponent)).utf8)
        } else if point <= 0 {
            bytes.append(.zero)
            bytes.append(dot)
            bytes.append(contentsOf: repeatElement(.zero, count: -point))
            bytes.append(contentsOf: digits)
        } else if digits.count <= point {
            bytes.append(contentsOf: digits)
            bytes.append(contentsOf: repeatElement(.zero, count: point - digits.count))
            bytes.append(dot)
            bytes.append(.zero)
        } else {
            bytes.append(contentsOf: digits[..<point])
            bytes.append(dot)
            bytes.append(contentsOf: digits[point...])
        }
    }

    /// The significant digits, and the position of the decimal point: 0.d₁d₂… × 10^point.
    private var shortestDigits: (digits: [UInt8], point: Int) {
        var digits: [UInt8] = []
        var point: Int?
        var exponent = 0
        let text = magnitude.description.utf8
        for (offset, byte) in text.enumerated() {
            if byte == UInt8(ascii: ".") {
                point = digits.count
            } else if byte == UInt8(ascii: "e") {
                exponent = Int(String(text.dropFirst(offset + 1)) ?? "") ?? 0
                break
            } else {
                digits.append(byte)
            }
        }
        let leadingZeros = digits.prefix { $0 == .zero }.count
        // Zero itself keeps one digit.
        guard leadingZeros < digits.count else { return ([.zero], 1) }
        let place = (point ?? digits.count) + exponent - leadingZeros
        digits.removeFirst(leadingZeros)
        while digits.last == .zero { digits.removeLast() }
        return (digits, place)
    }
}
