/// Reads values out of bytes that anybody may have written.
///
/// Trusts nothing: what ends too early, is nested too deeply or has an unknown form is a fault, never a crash.
package struct ProtonDecoder: Sendable {
    /// What is wrong with the bytes.
    package struct Fault: Error, Equatable, CustomStringConvertible {
        package var description: String
    }

    private let bytes: ArraySlice<UInt8>
    private var position: Int
    /// Nesting limit: more than any sender needs, and few enough for the stack.
    private static let depthLimit = 32

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    package var isAtEnd: Bool { position == bytes.endIndex }

    /// What has not been read.
    package var rest: ArraySlice<UInt8> { bytes[position...] }

    /// The next value.
    package mutating func next() throws(Fault) -> ProtonValue { try value(depth: 0) }

    private mutating func value(depth: Int) throws(Fault) -> ProtonValue {
        guard depth < Self.depthLimit else { throw Fault(description: "a value is nested too deeply") }
        let code = try takeByte()
        guard code == 0 else { return try value(of: code, depth) }
        let descriptor = try value(depth: depth + 1)
        return .described(descriptor, try value(depth: depth + 1))
    }

    private mutating func value(of code: UInt8, _ depth: Int) throws(Fault) -> ProtonValue {
        switch code {
        case 0x40: return .null
        case 0x41: return .bool(true)
        case 0x42: return .bool(false)
        case 0x56: return .bool(try takeByte() != 0)
        case 0x50: return .ubyte(try takeByte())
        case 0x60: return .uint(UInt32(try take(UInt16.self)))
        case 0x70: return .uint(try take(UInt32.self))
        case 0x52: return .uint(UInt32(try takeByte()))
        case 0x43: return .uint(0)
        case 0x80: return .ulong(try take(UInt64.self))
        case 0x53: return .ulong(UInt64(try takeByte()))
        case 0x44: return .ulong(0)
        case 0x51, 0x54, 0x55: return .long(Int64(Int8(bitPattern: try takeByte())))
        case 0x61: return .long(Int64(try take(Int16.self)))
        case 0x71: return .long(Int64(try take(Int32.self)))
        case 0x81: return .long(try take(Int64.self))
        case 0x72: return .double(Double(Float(bitPattern: try take(UInt32.self))))
        case 0x82: return .double(Double(bitPattern: try take(UInt64.self)))
        case 0x83: return .timestamp(try take(Int64.self))
        case 0xA0, 0xB0: return .binary(Array(try takeContent(code)))
        case 0xA1, 0xB1: return .string(String(decoding: try takeContent(code), as: UTF8.self))
        case 0xA3, 0xB3: return .symbol(String(decoding: try takeContent(code), as: UTF8.self))
        case 0x45: return .list([])
        case 0xC0, 0xD0: return .list(try compound(code, depth))
        case 0xC1, 0xD1:
            let elements = try compound(code, depth)
            guard elements.count % 2 == 0 else { throw Fault(description: "a map has a key without a value") }
            return .map(stride(from: 0, to: elements.count, by: 2).map { ProtonValue.Pair(elements[$0], elements[$0 + 1]) })
        case 0xE0, 0xF0: return .list(try array(code, depth))
        default: return try skip(code)
        }
    }

    /// Passes over a value whose type is not needed; the high digit of its code tells the size.
    private mutating func skip(_ code: UInt8) throws(Fault) -> ProtonValue {
        switch code >> 4 {
        case 4: break
        case 5: _ = try take(1)
        case 6: _ = try take(2)
        case 7: _ = try take(4)
        case 8: _ = try take(8)
        case 9: _ = try take(16)
        case 0xA, 0xC, 0xE: _ = try take(Int(try takeByte()))
        case 0xB, 0xD, 0xF: _ = try take(Int(try take(UInt32.self)))
        default: throw Fault(description: "a value has the unknown code \(code)")
        }
        return .other
    }

    private mutating func compound(_ code: UInt8, _ depth: Int) throws(Fault) -> [ProtonValue] {
        var inner = try contained(code)
        let count = try inner.takeCount(isShort: code < 0xD0)
        // Each element has a byte at least, so a false count reserves no more than came.
        guard count <= inner.bytes.endIndex - inner.position else { throw Fault(description: "a list is shorter than it says") }
        var elements: [ProtonValue] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try inner.value(depth: depth + 1)) }
        return elements
    }

    private mutating func array(_ code: UInt8, _ depth: Int) throws(Fault) -> [ProtonValue] {
        var inner = try contained(code)
        let count = try inner.takeCount(isShort: code < 0xF0)
        guard count <= bytes.count else { throw Fault(description: "an array is shorter than it says") }
        var element = try inner.takeByte()
        // Elements may share a descriptor; what it says is not needed.
        if element == 0 {
            _ = try inner.value(depth: depth + 1)
            element = try inner.takeByte()
        }
        guard element != 0 else { throw Fault(description: "an array has no type") }
        var elements: [ProtonValue] = []
        for _ in 0..<count { elements.append(try inner.nested(element, depth + 1)) }
        return elements
    }

    private mutating func nested(_ code: UInt8, _ depth: Int) throws(Fault) -> ProtonValue {
        guard depth < Self.depthLimit else { throw Fault(description: "a value is nested too deeply") }
        return try value(of: code, depth)
    }

    private mutating func contained(_ code: UInt8) throws(Fault) -> ProtonDecoder {
        let isShort = code >> 4 == 0xC || code >> 4 == 0xE
        let size = isShort ? Int(try takeByte()) : Int(try take(UInt32.self))
        return ProtonDecoder(try take(size))
    }

    private mutating func takeCount(isShort: Bool) throws(Fault) -> Int { isShort ? Int(try takeByte()) : Int(try take(UInt32.self)) }

    private mutating func takeContent(_ code: UInt8) throws(Fault) -> ArraySlice<UInt8> {
        try take(code < 0xB0 ? Int(try takeByte()) : Int(try take(UInt32.self)))
    }

    private mutating func takeByte() throws(Fault) -> UInt8 {
        guard position < bytes.endIndex else { throw Fault(description: "a value ends too early") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func take(_ count: Int) throws(Fault) -> ArraySlice<UInt8> {
        guard count <= bytes.endIndex - position else { throw Fault(description: "a value ends too early") }
        defer { position += count }
        return bytes[position..<(position + count)]
    }

    private mutating func take<Number: FixedWidthInteger>(_ type: Number.Type) throws(Fault) -> Number {
        var number: Number = 0
        for byte in try take(Number.bitWidth / 8) { number = number << 8 | Number(truncatingIfNeeded: byte) }
        return number
    }
}
