import CeleryCore

/// The id of a run, derived only from the beat's name, the entry and the due time.
///
/// Two beats, a restart or a replay compute the same id, so that broker, worker and result store recognize the run.
/// A UUID of version 8 (RFC 9562 section 5.8) with 122 bits of a 128-bit FNV-1a hash (Fowler, Noll, Vo).
enum TickID {
    static func make(beat: String, entry: String, due: Timestamp) -> TaskID {
        var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
        func take(_ byte: UInt8) { hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B }
        // A zero byte ends each name, so that different pairs of names give different input.
        beat.utf8.forEach(take)
        take(0)
        entry.utf8.forEach(take)
        take(0)
        let milliseconds = UInt64(bitPattern: Int64(exactly: (due.seconds * 1_000).rounded()) ?? 0)
        for shift in stride(from: 0, to: 64, by: 8) { take(UInt8(truncatingIfNeeded: milliseconds >> shift)) }
        // Further rounds, so that the last byte affects every bit.
        for _ in 0..<16 { take(0xFF) }
        return TaskID(version8: hash)
    }
}
