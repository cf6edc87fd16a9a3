public import CeleryCore

/// A delay that spreads the sending of tasks that are due at the same time.
///
/// The delay is not random: it is computed from the name of the entry and the due time, so that all beats, also after a
/// restart, send a run at the same time. The due time and the ids derived from it are unaffected.
public struct Jitter: Sendable, Hashable {
    /// The upper bound of delays, exclusive.
    public let maximum: Duration

    /// - Parameter maximum: The upper bound of delays, exclusive; zero or less means no delay.
    public init(upTo maximum: Duration) { self.maximum = max(maximum, .zero) }

    /// The time between `due` and the sending of the run: from zero to below `maximum`, in whole microseconds.
    public func delay(entry name: String, due: Timestamp) -> Duration {
        let microseconds = maximum.inSeconds * 1_000_000
        guard microseconds >= 1, due.seconds.isFinite else { return .zero }
        // A Double holds 53 bits exactly, so this is less than 1.
        let share = Double(Self.hash(name, due) >> 11) / Double(1 << 53 as UInt64)
        return .microseconds(Int64((share * microseconds).rounded(.down)))
    }

    /// FNV-1a (64 bits) of the name, a zero byte and the due time in milliseconds (little-endian), followed by the final
    /// steps of SplitMix64, without which the high bits hardly depend on the last bytes.
    static func hash(_ name: String, _ due: Timestamp) -> UInt64 {
        let milliseconds = Int64(exactly: (due.seconds * 1_000).rounded()) ?? 0
        let time = UInt64(bitPattern: milliseconds)
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func take(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        name.utf8.forEach(take)
        take(0)
        for shift in stride(from: 0, to: 64, by: 8) { take(UInt8(truncatingIfNeeded: time >> shift)) }
        hash = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ hash >> 27) &* 0x94D0_49BB_1331_11EB
        return hash ^ hash >> 31
    }
}
