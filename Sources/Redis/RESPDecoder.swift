import Streams

/// Reads replies from the bytes of a server, as they arrive, in RESP2 and RESP3.
///
/// Trusts nothing: a length only says how many bytes to wait for, memory is taken for bytes that have come, and whatever exceeds
/// `Limits` is an error. After an error the decoder cannot be used any more.
package struct RESPDecoder {
    package struct Limits: Sendable {
        /// Bytes of one value. Redis takes strings of up to 512 MiB (`proto-max-bulk-len`).
        package var value = 512 << 20
        /// Bytes of a line: a type with its number, a status, an error.
        package var line = 64 << 10
        /// Elements of one array.
        package var count = 1 << 20
        /// Arrays within arrays.
        package var depth = 16
        /// Bytes of a whole reply.
        package var reply = 1 << 30

        package init() {}
    }

    /// An array whose elements have not all come.
    private struct Open {
        enum Kind { case array, push, attribute }

        var kind: Kind
        var missing: Int
        var elements: [RESPValue] = []
    }

    private enum Kind { case bytes, error, verbatim }

    private let limits: Limits
    private var buffer = LineBuffer()
    private var open: [Open] = []
    /// The announced value whose bytes have not all come.
    private var awaited: (kind: Kind, length: Int)?
    /// Bytes read of the present reply.
    private var size = 0

    /// A decoder for the replies of one connection, from its first byte.
    package init(limits: Limits = Limits()) { self.limits = limits }

    /// Whether part of a reply has been read, or waits to be.
    package var isWithinReply: Bool { size > 0 || !buffer.isEmpty }

    /// Adds bytes that have come; they are copied.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) { buffer.feed(bytes) }

    /// Adds bytes that have come.
    package mutating func feed(_ bytes: [UInt8]) { bytes.withUnsafeBytes { feed($0) } }

    /// The next whole reply; `nil` until the rest of it has come.
    package mutating func next() throws(RESPError) -> RESPValue? {
        while true {
            let value: RESPValue
            if let (kind, length) = awaited {
                guard let bytes = try takeValue(length) else { return nil }
                value = try Self.value(kind, bytes)
            } else {
                guard let line = try takeLine() else { return nil }
                guard let whole = try begin(line) else { continue }
                value = whole
            }
            if let reply = complete(value) {
                size = 0
                return reply
            }
        }
    }

    /// Puts a value into the arrays it belongs to.
    ///
    /// - Returns: The reply, if it is whole.
    private mutating func complete(_ part: RESPValue) -> RESPValue? {
        var value = part
        while var top = open.popLast() {
            top.elements.append(value)
            top.missing -= 1
            if top.missing > 0 {
                open.append(top)
                return nil
            }
            switch top.kind {
            case .array: value = .array(top.elements)
            case .push: value = .push(top.elements)
            // Remarks about the value that follows, which do not count as an element.
            case .attribute: return nil
            }
        }
        return value
    }

    /// The bytes of an announced value, once all have come.
    private mutating func takeValue(_ length: Int) throws(RESPError) -> [UInt8]? {
        guard let bytes = try taken({ (buffer) throws(LineBuffer.Fault) in try buffer.takeValue(length) }) else { return nil }
        awaited = nil
        return bytes
    }

    /// The next line without its end, once all of it has come.
    private mutating func takeLine() throws(RESPError) -> [UInt8]? {
        try taken { [limits] (buffer) throws(LineBuffer.Fault) in try buffer.takeLine(limit: limits.line) }
    }

    /// Counts what is taken as part of the present reply, with its end.
    private mutating func taken(_ take: (inout LineBuffer) throws(LineBuffer.Fault) -> [UInt8]?) throws(RESPError) -> [UInt8]? {
        let bytes: [UInt8]?
        do {
            bytes = try take(&buffer)
        } catch {
            throw RESPError(description: error.description)
        }
        size += bytes.map { $0.count + 2 } ?? 0
        guard size <= limits.reply else { throw RESPError(description: "a reply is larger than \(limits.reply) bytes") }
        return bytes
    }

    /// Reads a line that begins a value.
    ///
    /// - Returns: The value, if the line is all of it.
    private mutating func begin(_ line: [UInt8]) throws(RESPError) -> RESPValue? {
        guard let type = line.first else { throw RESPError(description: "a line is empty") }
        let rest = line[1...]
        switch type {
        case UInt8(ascii: "+"): return .status(String(decoding: rest, as: UTF8.self))
        case UInt8(ascii: "-"): return .error(String(decoding: rest, as: UTF8.self))
        case UInt8(ascii: ":"): return .integer(try Self.number(rest))
        case UInt8(ascii: "$"): return try expect(.bytes, rest)
        case UInt8(ascii: "!"): return try expect(.error, rest)
        case UInt8(ascii: "="): return try expect(.verbatim, rest)
        case UInt8(ascii: "*"), UInt8(ascii: "~"): return try open(.array, rest)
        case UInt8(ascii: ">"): return try open(.push, rest)
        case UInt8(ascii: "%"): return try open(.array, rest, times: 2)
        case UInt8(ascii: "|"): return try open(.attribute, rest, times: 2)
        case UInt8(ascii: "_") where rest.isEmpty: return .null
        case UInt8(ascii: "#") where rest.elementsEqual("t".utf8): return .integer(1)
        case UInt8(ascii: "#") where rest.elementsEqual("f".utf8): return .integer(0)
        case UInt8(ascii: ","), UInt8(ascii: "("): return .bytes(Array(rest))
        default: throw RESPError(description: "a reply begins with the byte \(type)")
        }
    }

    /// Waits for the bytes of a value.
    private mutating func expect(_ kind: Kind, _ text: ArraySlice<UInt8>) throws(RESPError) -> RESPValue? {
        let length = try Self.number(text)
        if length == -1 { return .null }
        guard (0...Int64(limits.value)).contains(length) else {
            throw RESPError(description: "a value of \(length) bytes is announced, and at most \(limits.value) are read")
        }
        awaited = (kind, Int(length))
        return nil
    }

    /// Waits for the elements of an array.
    private mutating func open(_ kind: Open.Kind, _ text: ArraySlice<UInt8>, times: Int64 = 1) throws(RESPError) -> RESPValue? {
        let count = try Self.number(text)
        if count == -1, kind == .array, times == 1 { return .null }
        guard (0...Int64(limits.count) / times).contains(count) else {
            throw RESPError(description: "an array of \(count) elements is announced, and at most \(limits.count) are read")
        }
        guard count > 0 else {
            switch kind {
            case .array: return .array([])
            case .push: return .push([])
            case .attribute: return nil
            }
        }
        guard open.count < limits.depth else { throw RESPError(description: "arrays are nested more than \(limits.depth) deep") }
        open.append(Open(kind: kind, missing: Int(count * times)))
        return nil
    }

    private static func value(_ kind: Kind, _ bytes: [UInt8]) throws(RESPError) -> RESPValue {
        switch kind {
        case .bytes: return .bytes(bytes)
        case .error: return .error(String(decoding: bytes, as: UTF8.self))
        case .verbatim:
            // Three letters for the format, and a colon.
            guard bytes.count >= 4, bytes[3] == UInt8(ascii: ":") else { throw RESPError(description: "a text has no format") }
            return .bytes(Array(bytes[4...]))
        }
    }

    /// A whole number of 64 bits.
    private static func number(_ text: ArraySlice<UInt8>) throws(RESPError) -> Int64 {
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
        guard !digits.isEmpty, digits.count <= 19, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(String(decoding: text, as: UTF8.self))
        else { throw RESPError(description: "a number is not one") }
        return number
    }
}
