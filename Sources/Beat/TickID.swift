import CeleryCore

/// The id of a run: made from whose it is and when it is due, and from nothing else.
///
/// Two beats, a restart, and a replay come to the same id, by which broker, worker and result store
/// know the run. A UUID of version 8 (RFC 9562 section 5.8) of 122 bits of FNV-1a (128 bits; Fowler, Noll, Vo).
enum TickID {
    static func make(beat: String, entry: String, due: Timestamp) -> TaskID {
        var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
        func take(_ byte: UInt8) { hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B }
        // A zero byte ends each name: no two pairs of names read the same.
        beat.utf8.forEach(take)
        take(0)
        entry.utf8.forEach(take)
        take(0)
        let milliseconds = UInt64(bitPattern: Int64(exactly: (due.seconds * 1_000).rounded()) ?? 0)
        for shift in stride(from: 0, to: 64, by: 8) { take(UInt8(truncatingIfNeeded: milliseconds >> shift)) }
        // Once more over nothing, so that the last byte reaches every bit.
        for _ in 0..<16 { take(0xFF) }
        return TaskID(text(hash))
    }

    private static func text(_ hash: UInt128) -> String {
        let fields: UInt128 = 0xF000 << 64 | 0xC000 << 48
        let versionAndVariant: UInt128 = 0x8000 << 64 | 0x8000 << 48
        let marked = hash & ~fields | versionAndVariant
        let digits = String(marked, radix: 16)
        let padded = String(repeating: "0", count: 32 - digits.count) + digits
        var text = ""
        for (index, digit) in padded.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append("-") }
            text.append(digit)
        }
        return text
    }
}
