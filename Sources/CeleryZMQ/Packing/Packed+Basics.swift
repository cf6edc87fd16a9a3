package import CeleryCore

/// Nothing: a request without content, or an answer that only says that it is done.
package struct Nothing: Packed, Sendable, Equatable {
    package init() {}
    package func pack(into packer: inout Packer) {}
    package init(from unpacker: inout Unpacker) {}
}

extension Bool: Packed {
    package func pack(into packer: inout Packer) { packer.add(byte: self ? 1 : 0) }
    package init(from unpacker: inout Unpacker) throws {
        let byte = try unpacker.byte()
        guard byte <= 1 else { throw UnpackError("neither true nor false") }
        self = byte == 1
    }
}

extension Int64: Packed {
    package func pack(into packer: inout Packer) { packer.add(varint: UInt64(bitPattern: self << 1 ^ self >> 63)) }
    package init(from unpacker: inout Unpacker) throws {
        let value = try unpacker.varint()
        self = Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}

extension Int: Packed {
    package func pack(into packer: inout Packer) { Int64(self).pack(into: &packer) }
    package init(from unpacker: inout Unpacker) throws { self.init(try Int64(from: &unpacker)) }
}

extension UInt64: Packed {
    package func pack(into packer: inout Packer) { packer.add(varint: self) }
    package init(from unpacker: inout Unpacker) throws { self = try unpacker.varint() }
}

extension Double: Packed {
    package func pack(into packer: inout Packer) { withUnsafeBytes(of: bitPattern.littleEndian) { packer.add(plain: $0) } }
    /// Numbers that cannot be calculated with are refused.
    package init(from unpacker: inout Unpacker) throws {
        let bits = try unpacker.plain(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self.init(bitPattern: bits)
        guard isFinite else { throw UnpackError("not a finite number") }
    }
}

extension String: Packed {
    package func pack(into packer: inout Packer) {
        packer.add(varint: UInt64(utf8.count))
        packer.add(plain: utf8)
    }
    package init(from unpacker: inout Unpacker) throws {
        let count = try unpacker.count()
        guard let text = String(validating: try unpacker.plain(count), as: UTF8.self) else { throw UnpackError("a text is not UTF-8") }
        self = text
    }
}

extension Optional: Packed where Wrapped: Packed {
    package func pack(into packer: inout Packer) {
        packer.add(byte: self == nil ? 0 : 1)
        self?.pack(into: &packer)
    }
    package init(from unpacker: inout Unpacker) throws { self = try Bool(from: &unpacker) ? .some(try unpacker.next()) : nil }
}

/// Bytes as they are. Arrays of bytes are not `Packed` by themselves: each byte would be a number.
package struct Bytes: Packed, Sendable, Hashable {
    package var bytes: [UInt8]
    package init(_ bytes: [UInt8]) { self.bytes = bytes }
    package func pack(into packer: inout Packer) {
        packer.add(varint: UInt64(bytes.count))
        packer.add(plain: bytes)
    }
    package init(from unpacker: inout Unpacker) throws {
        let count = try unpacker.count()
        bytes = Array(try unpacker.plain(count))
    }
}

extension Array: Packed where Element: Packed {
    package func pack(into packer: inout Packer) {
        packer.add(varint: UInt64(count))
        for element in self { element.pack(into: &packer) }
    }
    package init(from unpacker: inout Unpacker) throws {
        let count = try unpacker.elementCount()
        self.init()
        for _ in 0..<count { append(try unpacker.next()) }
    }
}

extension Set: Packed where Element: Packed {
    package func pack(into packer: inout Packer) { Array(self).pack(into: &packer) }
    package init(from unpacker: inout Unpacker) throws { self.init(try unpacker.next() as [Element]) }
}

extension Dictionary: Packed where Key: Packed, Value: Packed {
    package func pack(into packer: inout Packer) {
        packer.add(varint: UInt64(count))
        for (key, value) in self { packer.add(key, value) }
    }
    package init(from unpacker: inout Unpacker) throws {
        let count = try unpacker.elementCount()
        self.init()
        for _ in 0..<count {
            let key: Key = try unpacker.next()
            self[key] = try unpacker.next() as Value
        }
    }
}

/// Two values, since tuples have no protocols.
package struct Pair<First: Packed, Second: Packed>: Packed {
    package var first: First
    package var second: Second
    package init(_ first: First, _ second: Second) { (self.first, self.second) = (first, second) }
    package func pack(into packer: inout Packer) { packer.add(first, second) }
    package init(from unpacker: inout Unpacker) throws { (first, second) = (try unpacker.next(), try unpacker.next()) }
}

extension Pair: Sendable where First: Sendable, Second: Sendable {}

/// Three values.
package struct Triple<First: Packed, Second: Packed, Third: Packed>: Packed {
    package var first: First
    package var second: Second
    package var third: Third
    package init(_ first: First, _ second: Second, _ third: Third) { (self.first, self.second, self.third) = (first, second, third) }
    package func pack(into packer: inout Packer) { packer.add(first, second, third) }
    package init(from unpacker: inout Unpacker) throws { (first, second, third) = (try unpacker.next(), try unpacker.next(), try unpacker.next()) }
}

extension Triple: Sendable where First: Sendable, Second: Sendable, Third: Sendable {}

extension Timestamp: Packed {
    package func pack(into packer: inout Packer) { seconds.pack(into: &packer) }
    package init(from unpacker: inout Unpacker) throws {
        let seconds = try Double(from: &unpacker)
        // Thirty thousand years: sums of these are numbers.
        guard abs(seconds) < 1e12 else { throw UnpackError("not a time") }
        self.init(seconds: seconds)
    }
}

extension Duration: Packed {
    package func pack(into packer: inout Packer) { inSeconds.pack(into: &packer) }
    package init(from unpacker: inout Unpacker) throws {
        let seconds = try Double(from: &unpacker)
        guard abs(seconds) < 1e10 else { throw UnpackError("not a duration") }
        self = .seconds(seconds)
    }
}

extension TaskID: Packed {
    package func pack(into packer: inout Packer) { text.pack(into: &packer) }
    package init(from unpacker: inout Unpacker) throws { self.init(try String(from: &unpacker)) }
}

extension JSON: Packed {
    package func pack(into packer: inout Packer) { Bytes(bytes(style: .python)).pack(into: &packer) }
    package init(from unpacker: inout Unpacker) throws { self = try JSON(parsing: try Bytes(from: &unpacker).bytes) }
}

extension JSONObject: Packed {
    package func pack(into packer: inout Packer) { JSON.object(self).pack(into: &packer) }
    package init(from unpacker: inout Unpacker) throws {
        guard let object = try JSON(from: &unpacker).objectValue else { throw UnpackError("not an object") }
        self = object
    }
}

/// A value with a stored form, which is checked when it is read.
package protocol PackedAsJSON: Packed {
    var json: JSON { get }
    init?(json: JSON)
}

extension PackedAsJSON {
    package func pack(into packer: inout Packer) { json.pack(into: &packer) }
    package init(from unpacker: inout Unpacker) throws {
        guard let value = Self(json: try JSON(from: &unpacker)) else { throw UnpackError("not a \(Self.self)") }
        self = value
    }
}

extension Revocation: PackedAsJSON {}
extension QueuePause: PackedAsJSON {}
extension EntryRecord: PackedAsJSON {}
extension LeaderCommand: PackedAsJSON {}
extension LimitWait: PackedAsJSON {}
extension StatisticsLedger: PackedAsJSON {}
