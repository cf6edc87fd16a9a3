/// Takes values off bytes from anybody: every length is checked against what is there before memory is set aside.
package struct Unpacker {
    private let bytes: [UInt8]
    private var position = 0
    /// Values within values that are being read.
    private var depth = 0

    /// Elements of a list: an empty one takes more room in memory than its byte.
    private static let mostElements = 2_000_000
    /// Nothing that is sent here is nested deeper.
    private static let deepest = 32

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads a whole value. Its type is always named: `try?` before the call would make an optional value of one that is inferred.
    ///
    /// - Throws: `UnpackError`, also for bytes after it.
    package static func value<Value: Packed>(_ type: Value.Type, of bytes: [UInt8]) throws -> Value {
        var unpacker = Unpacker(bytes)
        let value: Value = try unpacker.next()
        guard unpacker.left == 0 else { throw UnpackError("\(unpacker.left) bytes too many") }
        return value
    }

    /// Bytes not read yet.
    package var left: Int { bytes.count - position }

    /// Reads the next value.
    package mutating func next<Value: Packed>() throws -> Value {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw UnpackError("too deeply nested") }
        return try Value(from: &self)
    }

    package mutating func byte() throws -> UInt8 {
        guard position < bytes.count else { throw UnpackError("it ends too early") }
        defer { position += 1 }
        return bytes[position]
    }

    package mutating func varint() throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let byte = try byte()
            // The tenth byte has room for one bit.
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw UnpackError("a number is too long")
    }

    /// Reads a number of elements, each of which takes at least one byte.
    package mutating func count() throws -> Int {
        let count = try varint()
        guard count <= UInt64(left) else { throw UnpackError("a length is greater than the rest") }
        return Int(count)
    }

    /// Reads the number of elements of a list.
    package mutating func elementCount() throws -> Int {
        let count = try count()
        guard count <= Self.mostElements else { throw UnpackError("a list is too long") }
        return count
    }

    /// Reads that many bytes.
    package mutating func plain(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count >= 0, count <= left else { throw UnpackError("it ends too early") }
        defer { position += count }
        return bytes[position..<position + count]
    }
}
