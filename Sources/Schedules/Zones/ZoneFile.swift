/// Reads the files of the time-zone database (`tzfile(5)`, RFC 9636), trusting nothing in them.
///
/// Of a file it takes the changes with 64-bit times and the rule at its end; of the oldest version,
/// which has only 32-bit times, those.
struct ZoneFile {
    /// What is wrong with a file.
    struct Damage: Error, Hashable {
        var reason: String
        init(_ reason: String) { self.reason = reason }
    }

    private let bytes: [UInt8]
    private var place = 0

    /// - Throws: `Damage` for anything that is not a whole and consistent file.
    static func zone(named name: String, from bytes: [UInt8]) throws(Damage) -> Zone {
        var file = ZoneFile(bytes: bytes)
        return try file.read(name)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// RFC 9636, 3.1: how many of each thing a block holds.
    private struct Header {
        var version: UInt8
        var universalMarks, standardMarks, leapSeconds, changes, kinds, letters: Int

        /// Bytes of the block behind it; counts are below 2^32, so this cannot overflow.
        func blockLength(timeSize: Int) -> Int {
            changes * (timeSize + 1) + kinds * 6 + letters + leapSeconds * (timeSize + 4) + standardMarks + universalMarks
        }
    }

    private mutating func read(_ name: String) throws(Damage) -> Zone {
        let first = try header()
        guard first.version >= UInt8(ascii: "2") else { return try block(first, timeSize: 4, name: name, rule: nil) }
        try skip(first.blockLength(timeSize: 4))
        let second = try header()
        let blockStart = place
        try skip(second.blockLength(timeSize: 8))
        let rule = try footer()
        place = blockStart
        return try block(second, timeSize: 8, name: name, rule: rule)
    }

    private mutating func header() throws(Damage) -> Header {
        guard bytes.count - place >= 44 else { throw Damage("it ends in a header") }
        guard bytes[place..<place + 4].elementsEqual("TZif".utf8) else { throw Damage("it does not begin with TZif") }
        let version = bytes[place + 4]
        place += 20
        return Header(
            version: version, universalMarks: bigEndian(4), standardMarks: bigEndian(4), leapSeconds: bigEndian(4),
            changes: bigEndian(4), kinds: bigEndian(4), letters: bigEndian(4))
    }

    private mutating func block(_ header: Header, timeSize: Int, name: String, rule: ZoneRule?) throws(Damage) -> Zone {
        guard bytes.count - place >= header.blockLength(timeSize: timeSize) else { throw Damage("it is cut short") }
        guard header.leapSeconds == 0 else { throw Damage("it counts leap seconds, which the clocks of systems do not") }
        guard 1...256 ~= header.kinds else { throw Damage("it has \(header.kinds) kinds of local time") }
        var changes: [Int] = []
        changes.reserveCapacity(header.changes)
        for _ in 0..<header.changes {
            // RFC 9636 advises against times before -2^59; those stand for the beginning of time.
            let change = max(signed(timeSize), -1 << 59)
            guard change < 1 << 59, changes.last.map({ $0 < change }) ?? true else { throw Damage("its times are not in order") }
            changes.append(change)
        }
        let kinds = bytes[place..<place + header.changes].map(Int.init)
        place += header.changes
        var offsets: [Int] = []
        for _ in 0..<header.kinds {
            let offset = signed(4)
            guard ZoneSpan.offsets ~= offset else { throw Damage("one of its offsets is \(offset) s") }
            // Whether it is summer time, and where its letters are; nobody asks here.
            place += 2
            offsets.append(offset)
        }
        guard kinds.allSatisfy({ $0 < offsets.count }) else { throw Damage("it names a kind of local time that it does not have") }
        return Zone(name: name, changes: changes, offsets: [offsets[0]] + kinds.map { offsets[$0] }, rule: rule)
    }

    /// A rule between two newlines; between them nothing means that the last offset stays.
    private mutating func footer() throws(Damage) -> ZoneRule? {
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\n"),
            let end = bytes[(place + 1)...].firstIndex(of: UInt8(ascii: "\n"))
        else { throw Damage("it does not end in a rule") }
        let text = bytes[place + 1..<end]
        if text.isEmpty { return nil }
        guard let rule = ZoneRule(String(decoding: text, as: UTF8.self)) else {
            throw Damage("its rule is '\(Quoted(String(decoding: text, as: UTF8.self)))'")
        }
        return rule
    }

    private mutating func skip(_ count: Int) throws(Damage) {
        guard bytes.count - place >= count else { throw Damage("it is cut short") }
        place += count
    }

    /// An unsigned number; the caller has seen that the bytes are there.
    private mutating func bigEndian(_ size: Int) -> Int { Int(bitPattern: UInt(raw(size))) }

    /// A signed number; the caller has seen that the bytes are there.
    private mutating func signed(_ size: Int) -> Int {
        let value = raw(size)
        return size == 4 ? Int(Int32(truncatingIfNeeded: value)) : Int(Int64(bitPattern: value))
    }

    private mutating func raw(_ size: Int) -> UInt64 {
        var value: UInt64 = 0
        for byte in bytes[place..<place + size] { value = value << 8 | UInt64(byte) }
        place += size
        return value
    }
}
