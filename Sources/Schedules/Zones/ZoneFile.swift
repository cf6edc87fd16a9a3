/// Reads files of the time-zone database (`tzfile(5)`, RFC 9636), validating everything.
///
/// Uses the block with 64-bit times and the rule at the end of the file. The oldest version of the format has only a block
/// with 32-bit times.
struct ZoneFile {
    /// Why a file is invalid.
    struct Damage: Error, Hashable {
        var reason: String
        init(_ reason: String) { self.reason = reason }
    }

    private let bytes: [UInt8]
    private var position = 0

    /// Reads a zone from the contents of a file.
    ///
    /// - Throws: `Damage` for an incomplete or inconsistent file.
    static func zone(named name: String, from bytes: [UInt8]) throws(Damage) -> Zone {
        var file = ZoneFile(bytes: bytes)
        return try file.read(name)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// The counts of a block's elements (RFC 9636, 3.1).
    private struct Header {
        var version: UInt8
        var universalMarks, standardMarks, leapSeconds, changes, kinds, letters: Int

        /// Length in bytes of the block after the header. Counts are below 2^32, so this cannot overflow.
        func blockLength(timeSize: Int) -> Int {
            changes * (timeSize + 1) + kinds * 6 + letters + leapSeconds * (timeSize + 4) + standardMarks + universalMarks
        }
    }

    private mutating func read(_ name: String) throws(Damage) -> Zone {
        let first = try header()
        guard first.version >= UInt8(ascii: "2") else { return try block(first, timeSize: 4, name: name, rule: nil) }
        try skip(first.blockLength(timeSize: 4))
        let second = try header()
        let blockStart = position
        try skip(second.blockLength(timeSize: 8))
        let rule = try footer()
        position = blockStart
        return try block(second, timeSize: 8, name: name, rule: rule)
    }

    private mutating func header() throws(Damage) -> Header {
        guard bytes.count - position >= 44 else { throw Damage("its header is truncated") }
        guard bytes[position..<position + 4].elementsEqual("TZif".utf8) else { throw Damage("it does not begin with TZif") }
        let version = bytes[position + 4]
        position += 20
        return Header(
            version: version, universalMarks: bigEndian(4), standardMarks: bigEndian(4), leapSeconds: bigEndian(4),
            changes: bigEndian(4), kinds: bigEndian(4), letters: bigEndian(4))
    }

    private mutating func block(_ header: Header, timeSize: Int, name: String, rule: ZoneRule?) throws(Damage) -> Zone {
        guard bytes.count - position >= header.blockLength(timeSize: timeSize) else { throw Damage("it is truncated") }
        guard header.leapSeconds == 0 else { throw Damage("it counts leap seconds, unlike system clocks") }
        guard 1...256 ~= header.kinds else { throw Damage("it has \(header.kinds) kinds of local time") }
        var changes: [Int] = []
        changes.reserveCapacity(header.changes)
        for _ in 0..<header.changes {
            // RFC 9636 advises against times before -2^59, which stand for the beginning of time.
            let change = max(signed(timeSize), -1 << 59)
            guard change < 1 << 59, changes.last.map({ $0 < change }) ?? true else { throw Damage("its times are not in order") }
            changes.append(change)
        }
        let kinds = bytes[position..<position + header.changes].map(Int.init)
        position += header.changes
        var offsets: [Int] = []
        for _ in 0..<header.kinds {
            let offset = signed(4)
            guard ZoneSpan.offsets ~= offset else { throw Damage("one of its offsets is \(offset) s") }
            // Skips the flag for daylight saving time and the index of the abbreviation.
            position += 2
            offsets.append(offset)
        }
        guard kinds.allSatisfy({ $0 < offsets.count }) else { throw Damage("it refers to a missing kind of local time") }
        return Zone(name: name, changes: changes, offsets: [offsets[0]] + kinds.map { offsets[$0] }, rule: rule)
    }

    /// Reads the rule between two newlines; nil for an empty rule: the last offset remains.
    private mutating func footer() throws(Damage) -> ZoneRule? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\n"),
            let end = bytes[(position + 1)...].firstIndex(of: UInt8(ascii: "\n"))
        else { throw Damage("it does not end with a rule") }
        let text = bytes[position + 1..<end]
        if text.isEmpty { return nil }
        guard let rule = ZoneRule(String(decoding: text, as: UTF8.self)) else {
            throw Damage("its rule is invalid: '\(Quoted(String(decoding: text, as: UTF8.self)))'")
        }
        return rule
    }

    private mutating func skip(_ count: Int) throws(Damage) {
        guard bytes.count - position >= count else { throw Damage("it is truncated") }
        position += count
    }

    /// Reads an unsigned number. The caller has checked that enough bytes are left.
    private mutating func bigEndian(_ size: Int) -> Int { Int(bitPattern: UInt(raw(size))) }

    /// Reads a signed number. The caller has checked that enough bytes are left.
    private mutating func signed(_ size: Int) -> Int {
        let value = raw(size)
        return size == 4 ? Int(Int32(truncatingIfNeeded: value)) : Int(Int64(bitPattern: value))
    }

    private mutating func raw(_ size: Int) -> UInt64 {
        var value: UInt64 = 0
        for byte in bytes[position..<position + size] { value = value << 8 | UInt64(byte) }
        position += size
        return value
    }
}
