import Glibc

/// Bytes of a connection that have come and not been read, for protocols of lines and announced values that end with CR LF.
///
/// Trusts nothing: what does not end as it should, or is longer than allowed, is an error.
package struct LineBuffer: Sendable {
    /// What is wrong with the bytes.
    package struct Fault: Error, Equatable {
        package var description: String
    }

    private var buffer: [UInt8] = []
    /// Where the part of the buffer begins that has not been read.
    private var start = 0
    /// Up to where there is no end of a line.
    private var searched = 0

    package init() {}

    /// Whether all that has come was read.
    package var isEmpty: Bool { start == buffer.count }

    /// Adds bytes that have come; they are copied.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        if isEmpty {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 20)
            start = 0
            searched = 0
        } else if start > 1 << 16, start > buffer.count / 2 {
            buffer.removeFirst(start)
            searched = max(0, searched - start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Takes a value and the CR LF after it, once all have come.
    ///
    /// - Parameter length: The number of bytes of the value.
    package mutating func takeValue(_ length: Int) throws(Fault) -> [UInt8]? {
        guard buffer.count - start >= length + 2 else { return nil }
        guard buffer[start + length] == 0x0D, buffer[start + length + 1] == 0x0A else {
            throw Fault(description: "a value of \(length) bytes does not end where it should")
        }
        defer { advance(by: length + 2) }
        return Array(buffer[start..<start + length])
    }

    /// Takes a line and returns it without its end, once all of it has come.
    ///
    /// - Parameter limit: The greatest number of bytes of a line.
    package mutating func takeLine(limit: Int) throws(Fault) -> [UInt8]? {
        let from = max(start, searched)
        let newline = buffer.withUnsafeBytes { bytes -> Int? in
            guard from < bytes.count, let base = bytes.baseAddress, let found = memchr(base + from, 0x0A, bytes.count - from)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
        guard (newline ?? buffer.count) - start <= limit else { throw Fault(description: "a line is longer than \(limit) bytes") }
        guard let newline else {
            searched = buffer.count
            return nil
        }
        guard newline > start, buffer[newline - 1] == 0x0D else { throw Fault(description: "a line does not end with CR LF") }
        defer { advance(by: newline + 1 - start) }
        return Array(buffer[start..<newline - 1])
    }

    private mutating func advance(by count: Int) {
        start += count
        searched = start
    }
}
