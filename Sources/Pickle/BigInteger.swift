/// Integers of any size, between their decimal digits and the bytes a pickle keeps them in:
/// two's complement, the lowest byte first.
enum BigInteger {
    /// Python neither reads nor writes more digits than these (`sys.int_info.default_max_str_digits`),
    /// because the time goes with their square.
    static let digitLimit = 4_300
    /// Bytes that hold as many digits.
    private static let byteLimit = 1_787

    /// Digits moved in one step.
    private static let chunk = 18
    private static let chunkValue: UInt64 = 1_000_000_000_000_000_000

    /// The digits, with a minus if there is one; `nil` when there would be too many.
    static func digits(of bytes: [UInt8]) -> String? {
        guard bytes.count <= byteLimit else { return nil }
        let isNegative = (bytes.last ?? 0) & 0x80 != 0
        var limbs = self.limbs(isNegative ? negated(bytes) : bytes)
        var groups: [UInt64] = []
        while let highest = limbs.last {
            if highest == 0 {
                limbs.removeLast()
                continue
            }
            var remainder: UInt64 = 0
            for place in limbs.indices.reversed() {
                (limbs[place], remainder) = chunkValue.dividingFullWidth((remainder, limbs[place]))
            }
            groups.append(remainder)
        }
        guard let first = groups.popLast() else { return "0" }
        var text = (isNegative ? "-" : "") + String(first)
        for group in groups.reversed() {
            let digits = String(group)
            text += String(repeating: "0", count: chunk - digits.utf8.count) + digits
        }
        return text
    }

    /// The bytes of an integer in decimal; `nil` when it is none, or too long.
    static func bytes(ofDigits text: String) -> [UInt8]? {
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let digits = Array(isNegative ? text.utf8.dropFirst() : text.utf8[...])
        guard !digits.isEmpty, digits.count <= digitLimit,
            digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        else { return nil }
        var limbs: [UInt64] = []
        var start = 0
        while start < digits.count {
            // The first chunk takes what the others leave.
            let end = start + (digits.count - start - 1) % chunk + 1
            var carry = digits[start..<end].reduce(UInt64(0)) { $0 * 10 + UInt64($1 - UInt8(ascii: "0")) }
            for place in limbs.indices {
                let (high, low) = limbs[place].multipliedFullWidth(by: chunkValue)
                let (sum, overflow) = low.addingReportingOverflow(carry)
                limbs[place] = sum
                carry = high + (overflow ? 1 : 0)
            }
            if carry != 0 { limbs.append(carry) }
            start = end
        }
        var bytes = limbs.flatMap { limb in (0..<8).map { UInt8(truncatingIfNeeded: limb >> (8 * UInt64($0))) } }
        while bytes.last == 0 { bytes.removeLast() }
        // The highest bit is the sign.
        if let last = bytes.last, last & 0x80 != 0 { bytes.append(0) }
        return isNegative ? shortened(negated(bytes)) : bytes
    }

    /// Groups of eight bytes.
    private static func limbs(_ bytes: [UInt8]) -> [UInt64] {
        stride(from: 0, to: bytes.count, by: 8).map { start in
            bytes[start..<min(start + 8, bytes.count)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
    }

    /// Minus the number, in as many bytes. The lowest number of that size stays as it is,
    /// which is its magnitude.
    private static func negated(_ bytes: [UInt8]) -> [UInt8] {
        var carry = true
        return bytes.map { byte in
            let (sum, overflow) = (~byte).addingReportingOverflow(carry ? 1 : 0)
            carry = overflow
            return sum
        }
    }

    /// Without a last byte that only repeats the sign.
    private static func shortened(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count > 1, bytes.last == 0xFF, bytes[bytes.count - 2] & 0x80 != 0 else { return bytes }
        return Array(bytes.dropLast())
    }
}
