/// What cannot be a reply of Tokyo Tyrant.
package struct TyrantReplyFault: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
}

/// Reads replies from the bytes of a server, as they arrive.
///
/// Trusts nothing: a size only says how many bytes to wait for, memory is taken for bytes that have come, and whatever exceeds
/// `Limits` is an error. After an error the decoder cannot be used any more.
struct TyrantDecoder {
    struct Limits: Sendable {
        /// Bytes of one value.
        var value = TyrantKey.valueLimit
        /// Bytes of a key: those of other programs may be longer than ours.
        var key = 1 << 20
        /// Bytes of a whole reply.
        var reply = 4 << 30
    }

    private let limits: Limits
    private var buffer: [UInt8] = []
    /// Where the part of the buffer begins that has not been read.
    private var start = 0

    /// A decoder for the replies of one connection, from its first byte.
    init(limits: Limits = Limits()) { self.limits = limits }

    /// Whether all that has come was read.
    var isEmpty: Bool { start == buffer.count }

    /// Adds bytes that have come; they are copied.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        if isEmpty {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 20)
            start = 0
        } else if start > 1 << 16, start > buffer.count / 2 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Adds bytes that have come.
    mutating func feed(_ bytes: [UInt8]) { bytes.withUnsafeBytes { feed($0) } }

    /// The next whole reply; `nil` until the rest of it has come.
    ///
    /// - Parameter shape: The form of the reply to the command that is answered next.
    mutating func next(_ shape: TyrantReply.Shape) throws(TyrantReplyFault) -> TyrantReply? {
        var walk = Walk(buffer: buffer, position: start, begin: start, limits: limits)
        guard let reply = try walk.reply(shape) else { return nil }
        start = walk.position
        return reply
    }
}

/// One attempt to read a reply.
private struct Walk {
    let buffer: [UInt8]
    var position: Int
    let begin: Int
    let limits: TyrantDecoder.Limits

    mutating func reply(_ shape: TyrantReply.Shape) throws(TyrantReplyFault) -> TyrantReply? {
        guard position < buffer.count else { return nil }
        let code = buffer[position]
        // Success, and any failure.
        guard code <= 1 else { throw TyrantReplyFault(description: "\(code) is no code of a reply") }
        position += 1
        guard code == 0 else { return failure(shape) }
        switch shape {
        case .code: return .done(true)
        case .size: return try number(upTo: Int(Int32.max)).map { .size($0) }
        case .text:
            guard let size = try number(upTo: limits.value), let bytes = take(size) else { return nil }
            return .text(String(decoding: bytes, as: UTF8.self))
        case .keys: return try keys()
        case .records: return try records()
        }
    }

    private func failure(_ shape: TyrantReply.Shape) -> TyrantReply {
        switch shape {
        case .code: .done(false)
        case .size: .size(nil)
        case .text: .text("")
        case .keys: .keys([])
        case .records: .records([])
        }
    }

    private mutating func keys() throws(TyrantReplyFault) -> TyrantReply? {
        guard let count = try number(upTo: Int(Int32.max)) else { return nil }
        // First the sizes: a list that has not come whole is not copied each time.
        let first = position
        for _ in 0..<count {
            guard let size = try number(upTo: limits.key), try skip(size) else { return nil }
        }
        position = first
        var keys: [[UInt8]] = []
        for _ in 0..<count {
            guard let size = try number(upTo: limits.key), let key = take(size) else { return nil }
            keys.append(key)
        }
        return .keys(keys)
    }

    private mutating func records() throws(TyrantReplyFault) -> TyrantReply? {
        guard let count = try number(upTo: Int(Int32.max)) else { return nil }
        let first = position
        for _ in 0..<count {
            guard let key = try number(upTo: limits.key), let value = try number(upTo: limits.value), try skip(key + value) else { return nil }
        }
        position = first
        var records: [TyrantRecord] = []
        for _ in 0..<count {
            guard let keySize = try number(upTo: limits.key), let size = try number(upTo: limits.value), let key = take(keySize),
                let value = take(size)
            else { return nil }
            records.append(TyrantRecord(key: key, value: value))
        }
        return .records(records)
    }

    /// A whole number of four bytes; `nil` until they have come.
    private mutating func number(upTo limit: Int) throws(TyrantReplyFault) -> Int? {
        guard buffer.count - position >= 4 else { return nil }
        let number = buffer[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
        guard number <= limit else { throw TyrantReplyFault(description: "a size of \(number) is too large") }
        position += 4
        return number
    }

    /// - Returns: Whether the bytes have come.
    private mutating func skip(_ size: Int) throws(TyrantReplyFault) -> Bool {
        guard position - begin + size <= limits.reply else {
            throw TyrantReplyFault(description: "a reply of more than \(limits.reply) bytes is too large")
        }
        guard buffer.count - position >= size else { return false }
        position += size
        return true
    }

    /// The bytes; `nil` until they have come.
    private mutating func take(_ size: Int) -> [UInt8]? {
        guard buffer.count - position >= size else { return nil }
        defer { position += size }
        return Array(buffer[position..<position + size])
    }
}
