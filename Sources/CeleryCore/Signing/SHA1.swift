/// The hash function SHA-1 of FIPS 180-4: Redis names scripts by it, scripts compare long values by it, and MongoDB's older logins use it.
///
/// Not for anything secret: it is broken for signatures.
package enum SHA1 {
    /// The hash as 40 hexadecimal digits, as `redis.sha1hex` gives it.
    package static func hexadecimal(_ bytes: [UInt8]) -> String { Hexadecimal.text(hash(bytes)) }

    /// The 20 bytes of the hash.
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        let whole = bytes.count / 64 * 64
        var words = [UInt32](repeating: 0, count: 80)
        for start in stride(from: 0, to: whole, by: 64) { compress(bytes[start..<start + 64], &words, &state) }
        var end = Array(bytes[whole...]) + [0x80]
        while end.count % 64 != 56 { end.append(0) }
        let bits = UInt64(bytes.count) &* 8
        for shift in stride(from: 56, through: 0, by: -8) { end.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift))) }
        for start in stride(from: 0, to: end.count, by: 64) { compress(end[start..<start + 64], &words, &state) }
        return state.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) } }
    }

    /// The step for one block of 64 bytes; names as in the standard.
    private static func compress(_ block: ArraySlice<UInt8>, _ w: inout [UInt32], _ state: inout [UInt32]) {
        for t in 0..<16 {
            let at = block.startIndex + 4 * t
            w[t] = UInt32(block[at]) << 24 | UInt32(block[at + 1]) << 16 | UInt32(block[at + 2]) << 8 | UInt32(block[at + 3])
        }
        for t in 16..<80 { w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1) }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for t in 0..<80 {
            let (f, k): (UInt32, UInt32) =
                switch t {
                case ..<20: (b & c | ~b & d, 0x5A82_7999)
                case ..<40: (b ^ c ^ d, 0x6ED9_EBA1)
                case ..<60: (b & c | b & d | c & d, 0x8F1B_BCDC)
                default: (b ^ c ^ d, 0xCA62_C1D6)
                }
            let next = rotate(a, 5) &+ f &+ e &+ k &+ w[t]
            (a, b, c, d, e) = (next, a, rotate(b, 30), c, d)
        }
        for (index, word) in [a, b, c, d, e].enumerated() { state[index] &+= word }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }
}
