import Glibc

/// Takes frames out of the bytes that a server sends, as they come.
///
/// Trusts nothing: what is no frame, or is larger than allowed, is an error. Escapes that the protocol does not know are left as they
/// are: a message of another program with such a header must not end each connection that receives it.
package struct STOMPDecoder: Sendable {
    /// What is wrong with the bytes.
    package struct Fault: Error, Equatable, CustomStringConvertible {
        package var description: String
    }

    /// Greatest sizes, in bytes, and number of headers. ActiveMQ's own limits are 10 KiB, 1,000 and 100 MiB.
    package struct Limits: Sendable {
        package var line = 256 << 10
        package var headers = 4_000
        package var body = 512 << 20

        package init() {}
    }

    private let limits: Limits
    private var buffer: [UInt8] = []
    /// Where the part of the buffer begins that has not been read.
    private var start = 0
    /// Up to where there is no end of a line or body.
    private var searched = 0
    private var command: String?
    private var headers: [STOMPFrame.Header] = []
    /// Whether all headers have come, and how long the body is if they say so.
    private var bodyLength: Int?
    private var hasHead = false

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// Adds bytes that have come; they are copied.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 20)
            (start, searched) = (0, 0)
        } else if start > 1 << 16, start > buffer.count / 2 {
            buffer.removeFirst(start)
            searched = max(0, searched - start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next frame, once all of it has come. Heart-beats are skipped.
    package mutating func next() throws(Fault) -> STOMPFrame? {
        while !hasHead {
            guard let line = try takeLine() else { return nil }
            if line.isEmpty {
                // A heart-beat, or the line break that may follow a frame.
                guard command != nil else { continue }
                try endHead()
            } else if command == nil {
                command = String(decoding: line, as: UTF8.self)
            } else {
                try add(line)
            }
        }
        guard let body = try takeBody() else { return nil }
        defer {
            (command, headers, bodyLength, hasHead) = (nil, [], nil, false)
        }
        return STOMPFrame(command ?? "", headers, body: body)
    }

    private mutating func endHead() throws(Fault) {
        if let text = headers.first(where: { $0.name == "content-length" })?.value {
            guard let length = Int(text), length >= 0 else { throw Fault(description: "a frame has no valid content-length") }
            guard length <= limits.body else { throw Fault(description: "a frame has \(length) bytes") }
            bodyLength = length
        }
        hasHead = true
        searched = start
    }

    private mutating func add(_ line: ArraySlice<UInt8>) throws(Fault) {
        guard let colon = line.firstIndex(of: STOMPFrame.colon) else { throw Fault(description: "a header has no colon") }
        guard headers.count < limits.headers else { throw Fault(description: "a frame has more than \(limits.headers) headers") }
        let isPlain = command == "CONNECTED"
        headers.append(
            STOMPFrame.Header(Self.text(line[..<colon], isPlain: isPlain), Self.text(line[(colon + 1)...], isPlain: isPlain)))
    }

    private static func text(_ bytes: ArraySlice<UInt8>, isPlain: Bool) -> String {
        guard !isPlain, bytes.contains(STOMPFrame.backslash) else { return String(decoding: bytes, as: UTF8.self) }
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            guard byte == STOMPFrame.backslash, index < bytes.endIndex else {
                plain.append(byte)
                continue
            }
            switch bytes[index] {
            case UInt8(ascii: "n"): plain.append(0x0A)
            case UInt8(ascii: "r"): plain.append(0x0D)
            case UInt8(ascii: "c"): plain.append(STOMPFrame.colon)
            case STOMPFrame.backslash: plain.append(STOMPFrame.backslash)
            default:
                plain.append(byte)
                continue
            }
            index += 1
        }
        return String(decoding: plain, as: UTF8.self)
    }

    /// A line without its end, once all of it has come.
    private mutating func takeLine() throws(Fault) -> ArraySlice<UInt8>? {
        let newline = find(0x0A)
        guard (newline ?? buffer.count) - start <= limits.line else { throw Fault(description: "a line is longer than \(limits.line) bytes") }
        guard let newline else {
            searched = buffer.count
            return nil
        }
        let hasReturn = newline > start && buffer[newline - 1] == 0x0D
        defer {
            start = newline + 1
            searched = start
        }
        return buffer[start..<(hasReturn ? newline - 1 : newline)]
    }

    private mutating func takeBody() throws(Fault) -> [UInt8]? {
        let end: Int
        if let bodyLength {
            end = start + bodyLength
            guard buffer.count > end else { return nil }
            guard buffer[end] == 0 else { throw Fault(description: "a frame of \(bodyLength) bytes does not end where it should") }
        } else {
            let found = find(0)
            guard (found ?? buffer.count) - start <= limits.body else { throw Fault(description: "a frame has more than \(limits.body) bytes") }
            guard let found else {
                searched = buffer.count
                return nil
            }
            end = found
        }
        defer {
            start = end + 1
            searched = start
        }
        return Array(buffer[start..<end])
    }

    private func find(_ byte: UInt8) -> Int? {
        let from = max(start, searched)
        return buffer.withUnsafeBytes { bytes -> Int? in
            guard from < bytes.count, let base = bytes.baseAddress, let found = memchr(base + from, Int32(byte), bytes.count - from)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }
}
