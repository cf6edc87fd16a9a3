import CeleryCore
import Streams

/// What cannot be a reply of Memcached.
package struct MemcachedReplyFault: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
}

/// Reads replies from the bytes of a server, as they arrive.
///
/// Trusts nothing: a length only says how many bytes to wait for, memory is taken for bytes that have come, and whatever exceeds
/// `Limits` is an error. After an error the decoder cannot be used any more.
package struct MemcachedDecoder {
    package struct Limits: Sendable {
        /// Bytes of one value: the greatest that memcached can be told to take (`-I 1024m`).
        package var value = 1 << 30
        /// Bytes of a line.
        package var line = 4_096
        /// Bytes of a whole reply.
        package var reply = 1 << 30

        package init() {}
    }

    private let limits: Limits
    private var buffer = LineBuffer()
    /// The values of the present reply.
    private var values: [MemcachedValue] = []
    /// The announced value whose bytes have not all come.
    private var awaited: (value: MemcachedValue, length: Int)?
    /// Bytes of the values of the present reply.
    private var size = 0

    /// A decoder for the replies of one connection, from its first byte.
    package init(limits: Limits = Limits()) { self.limits = limits }

    /// Adds bytes that have come; they are copied.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) { buffer.feed(bytes) }

    /// Adds bytes that have come.
    package mutating func feed(_ bytes: [UInt8]) { bytes.withUnsafeBytes { feed($0) } }

    /// The next whole reply; `nil` until the rest of it has come.
    package mutating func next() throws(MemcachedReplyFault) -> MemcachedReply? {
        while true {
            if awaited != nil {
                guard try takeValue() else { return nil }
            }
            guard let line = try takeLine() else { return nil }
            if let reply = try read(line) {
                values = []
                size = 0
                return reply
            }
        }
    }

    /// - Returns: The reply that the line ends; `nil` when it announces a value.
    private mutating func read(_ line: String) throws(MemcachedReplyFault) -> MemcachedReply? {
        if line == "END" { return .values(values) }
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        switch words.first {
        case "VALUE":
            try announce(words)
            return nil
        // Also in the place of the rest of the values.
        case "ERROR", "CLIENT_ERROR", "SERVER_ERROR": return .error(line)
        default: break
        }
        guard values.isEmpty else { throw MemcachedReplyFault(description: "'\(line.inOneLine(limit: 60))' stands among values") }
        switch words.first {
        case "STORED", "NOT_STORED", "EXISTS", "NOT_FOUND", "DELETED", "TOUCHED", "OK", "VERSION": return .word(line)
        default:
            // Digits; spaces may follow where a number has become shorter.
            let digits = line.prefix { $0 != " " }
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt64(digits),
                line.dropFirst(digits.count).allSatisfy({ $0 == " " })
            else { throw MemcachedReplyFault(description: "'\(line.inOneLine(limit: 60))' is no reply") }
            return .number(number)
        }
    }

    /// Reads `VALUE key flags length version`.
    private mutating func announce(_ words: [Substring]) throws(MemcachedReplyFault) {
        guard words.count == 4 || words.count == 5, !words[1].isEmpty, let flags = UInt32(words[2]), let length = Int(words[3]), length >= 0,
            let version = words.count == 5 ? UInt64(words[4]) : 0
        else { throw MemcachedReplyFault(description: "'\(words.joined(separator: " ").inOneLine(limit: 60))' announces no value") }
        guard length <= limits.value else { throw MemcachedReplyFault(description: "a value of \(length) bytes is too large") }
        size += length + 64
        guard size <= limits.reply else { throw MemcachedReplyFault(description: "a reply of more than \(limits.reply) bytes is too large") }
        awaited = (MemcachedValue(key: String(words[1]), flags: flags, bytes: [], version: version), length)
    }

    /// Takes the bytes of the announced value.
    ///
    /// - Returns: Whether all have come.
    private mutating func takeValue() throws(MemcachedReplyFault) -> Bool {
        guard let (announced, length) = awaited else { return true }
        do {
            guard let bytes = try buffer.takeValue(length) else { return false }
            var value = announced
            value.bytes = bytes
            values.append(value)
        } catch {
            throw MemcachedReplyFault(description: error.description)
        }
        awaited = nil
        return true
    }

    /// A line without its end, once it has come.
    private mutating func takeLine() throws(MemcachedReplyFault) -> String? {
        do {
            return try buffer.takeLine(limit: limits.line).map { String(decoding: $0, as: UTF8.self) }
        } catch {
            throw MemcachedReplyFault(description: error.description)
        }
    }
}
