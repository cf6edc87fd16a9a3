/// What is no BSON.
package struct BSONFault: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
}

/// Reads a document from bytes. Trusts nothing: sizes that reach beyond the bytes, texts without an end and documents in documents without
/// end are errors.
package struct BSONDecoder {
    private let bytes: ArraySlice<UInt8>
    private var position: Int
    /// Up to where the present document reaches, without its final zero.
    private var end: Int

    /// Documents in each other at most: the limit of servers.
    static let depthLimit = 100

    /// The document that all of the bytes are.
    package static func document(_ bytes: some Collection<UInt8>) throws(BSONFault) -> BSONDocument {
        let bytes = ArraySlice(bytes)
        var decoder = BSONDecoder(bytes)
        let document = try decoder.document(depth: 0)
        guard decoder.position == bytes.endIndex else { throw BSONFault(description: "a document ends before its bytes do") }
        return document
    }

    private init(_ bytes: ArraySlice<UInt8>) { (self.bytes, position, end) = (bytes, bytes.startIndex, bytes.endIndex) }

    private mutating func document(depth: Int) throws(BSONFault) -> BSONDocument {
        var members: [BSONDocument.Member] = []
        try eachMember(depth) { members.append(BSONDocument.Member($0, $1)) }
        return BSONDocument(members)
    }

    private mutating func array(depth: Int) throws(BSONFault) -> [BSONValue] {
        // The names are the numbers of the places.
        var values: [BSONValue] = []
        try eachMember(depth) { values.append($1) }
        return values
    }

    private mutating func eachMember(_ depth: Int, _ take: (String, BSONValue) -> Void) throws(BSONFault) {
        guard depth < Self.depthLimit else { throw BSONFault(description: "documents are nested too deeply") }
        let outer = end
        let start = position
        let size = Int(try number(Int32.self))
        guard size >= 5, size <= outer - start, bytes[start + size - 1] == 0 else {
            throw BSONFault(description: "a document of \(size) bytes does not end where it should")
        }
        end = start + size - 1
        while position < end {
            let type = try byte()
            let name = try name()
            take(name, try value(type, depth))
        }
        guard position == end else { throw BSONFault(description: "a value reaches beyond its document") }
        position += 1
        end = outer
    }

    private mutating func value(_ type: UInt8, _ depth: Int) throws(BSONFault) -> BSONValue {
        switch type {
        case 0x01: return .double(Double(bitPattern: try number(UInt64.self)))
        case 0x02: return .string(try text())
        case 0x03: return .document(try document(depth: depth + 1))
        case 0x04: return .array(try array(depth: depth + 1))
        case 0x05:
            let size = Int(try number(Int32.self))
            let subtype = try byte()
            return .binary(Array(try take(size)), subtype: subtype)
        case 0x08: return .bool(try byte() != 0)
        case 0x09: return .date(try number(Int64.self))
        case 0x06, 0x0A: return .null
        case 0x10: return .int32(try number(Int32.self))
        case 0x12: return .int64(try number(Int64.self))
        default:
            try pass(type)
            return .other(type)
        }
    }

    /// Reads over a value that nobody here needs.
    private mutating func pass(_ type: UInt8) throws(BSONFault) {
        switch type {
        // An id; a time stamp; a decimal number; the least and the greatest value.
        case 0x07: _ = try take(12)
        case 0x11: _ = try take(8)
        case 0x13: _ = try take(16)
        case 0x7F, 0xFF: break
        // A pattern: two names.
        case 0x0B:
            _ = try name()
            _ = try name()
        // A pointer, programs and symbols.
        case 0x0C:
            _ = try text()
            _ = try take(12)
        case 0x0D, 0x0E: _ = try text()
        case 0x0F: _ = try take(Int(try number(Int32.self)) - 4)
        default: throw BSONFault(description: "\(type) is no type of a value")
        }
    }

    private mutating func byte() throws(BSONFault) -> UInt8 {
        let part = try take(1)
        return part[part.startIndex]
    }

    private mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(BSONFault) -> Number {
        let part = try take(Number.bitWidth / 8)
        return part.reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    /// A text with its size, which counts the zero at its end.
    private mutating func text() throws(BSONFault) -> String {
        let size = Int(try number(Int32.self))
        guard size >= 1 else { throw BSONFault(description: "a text of \(size) bytes has no end") }
        let part = try take(size)
        guard part.last == 0 else { throw BSONFault(description: "a text does not end where it should") }
        return String(decoding: part.dropLast(), as: UTF8.self)
    }

    /// A text up to a zero.
    private mutating func name() throws(BSONFault) -> String {
        guard let zero = bytes[position..<end].firstIndex(of: 0) else { throw BSONFault(description: "a name has no end") }
        defer { position = zero + 1 }
        return String(decoding: bytes[position..<zero], as: UTF8.self)
    }

    private mutating func take(_ count: Int) throws(BSONFault) -> ArraySlice<UInt8> {
        guard count >= 0, count <= end - position else { throw BSONFault(description: "a value of \(count) bytes reaches beyond its document") }
        defer { position += count }
        return bytes[position..<position + count]
    }
}
