// How values travel between a client and `celery broker`: compact, in a fixed order, without names. Numbers are zigzag varints or
// eight bytes, texts and lists begin with their length, an optional value with 0 or 1. Both sides have the same `Packed` types, and
// say in their hello which edition of them they speak (`Hello.protocolNumber`).

/// A value that can be sent.
package protocol Packed {
    func pack(into packer: inout Packer)
    /// - Throws: `UnpackError` for bytes that are no such value: anybody may have sent them.
    init(from unpacker: inout Unpacker) throws
}

/// Puts values one after another.
package struct Packer {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Adds values in order.
    package mutating func add<each Value: Packed>(_ values: repeat each Value) { repeat (each values).pack(into: &self) }

    package mutating func add(byte: UInt8) { bytes.append(byte) }

    package mutating func add(varint value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }

    /// Adds bytes without their number.
    package mutating func add(plain more: some Collection<UInt8>) { bytes.append(contentsOf: more) }

    package static func bytes(of value: some Packed) -> [UInt8] {
        var packer = Packer()
        value.pack(into: &packer)
        return packer.bytes
    }
}

/// Bytes that are not the expected value.
package struct UnpackError: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}
