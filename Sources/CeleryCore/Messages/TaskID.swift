import Glibc
import Synchronization

/// The unique id of a task: any text, usually a lower-case dashed UUID.
///
/// Ids created here are UUIDs of version 7 (RFC 9562 section 5.7): they begin with the time, so that ids created one after
/// another are adjacent in an index.
public struct TaskID: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    /// A new id, greater than every id this process created before.
    public init() { text = Self.generator.withLock { $0.next() } }

    /// An id that follows from something else, such as a hash of it: a UUID of version 8 (RFC 9562 section 5.8) with 122 of the bits.
    package init(version8 bits: UInt128) {
        text = TaskIDGenerator.format(
            UInt64(truncatingIfNeeded: bits >> 64) & ~0xF000 | 0x8000,
            UInt64(truncatingIfNeeded: bits) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    public var description: String { text }

    private static let generator = Mutex(TaskIDGenerator())
}

/// Creates UUIDs of version 7: 48 bits of milliseconds, a 12-bit count within the millisecond, 62 random bits.
private struct TaskIDGenerator {
    private var lastMilliseconds: UInt64 = 0
    private var sequence: UInt64 = 0
    private var random = RandomWords()

    mutating func next() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let milliseconds = UInt64(now.tv_sec) * 1_000 + UInt64(now.tv_nsec) / 1_000_000
        if milliseconds > lastMilliseconds {
            lastMilliseconds = milliseconds
            sequence = random.next() & 0x7FF
        } else {
            sequence += 1
            // The count is full, or the clock stepped back: borrow from the next millisecond.
            if sequence > 0xFFF {
                lastMilliseconds += 1
                sequence = 0
            }
        }
        let high = lastMilliseconds << 16 | 0x7000 | sequence
        let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return Self.format(high, low)
    }

    fileprivate static func format(_ high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var at = 0
            for (word, base) in [(high, 0), (low, 16)] {
                for digit in 0..<16 {
                    let place = base + digit
                    if place == 8 || place == 12 || place == 16 || place == 20 {
                        buffer[at] = UInt8(ascii: "-")
                        at += 1
                    }
                    let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * digit)) & 0xF
                    buffer[at] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") - 10 + nibble
                    at += 1
                }
            }
            return 36
        }
    }
}

/// Random numbers from the kernel, fetched in batches.
private struct RandomWords {
    private var words: [UInt64] = []

    /// Maximum of one call: 256 bytes.
    private static let count = 32

    /// The corresponding C function is `getentropy`.
    mutating func next() -> UInt64 {
        if words.isEmpty {
            words = [UInt64](repeating: 0, count: Self.count)
            let status = words.withUnsafeMutableBytes { getentropy($0.baseAddress!, $0.count) }
            if status != 0 { words = [UInt64.random(in: .min ... .max)] }
        }
        return words.removeLast()
    }
}
