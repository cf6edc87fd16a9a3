/// Writes the fields of a frame in sequence, little-endian.
struct ByteWriter {
    private(set) var bytes: [UInt8]

    init(reserving capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    mutating func write(_ value: UInt8) { bytes.append(value) }

    mutating func write(_ value: Int64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ value: Int) { write(Int64(value)) }
    mutating func write(_ value: Double) { write(Int64(bitPattern: value.bitPattern)) }
    mutating func write(_ value: Bool) { write(UInt8(value ? 1 : 0)) }

    mutating func write(_ value: [UInt8]) {
        write(Int64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func write(_ value: String) {
        var value = value
        value.withUTF8 { text in
            write(Int64(text.count))
            bytes.append(contentsOf: text)
        }
    }

    mutating func write<Value>(_ value: Value?, _ writeValue: (inout ByteWriter, Value) -> Void) {
        write(value != nil)
        if let value { writeValue(&self, value) }
    }

    mutating func write(_ value: String?) { write(value) { $0.write($1) } }
    mutating func write(_ value: Double?) { write(value) { $0.write($1) } }
    mutating func write(_ value: Int?) { write(value) { $0.write($1) } }
    mutating func write(_ value: [UInt8]?) { write(value) { $0.write($1) } }
}

/// A frame is truncated or invalid: the peer does not speak our protocol.
struct FrameError: Error {}

/// Reads fields written by `ByteWriter`.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    mutating func readByte() throws(FrameError) -> UInt8 {
        guard position < bytes.endIndex else { throw FrameError() }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func readInt64() throws(FrameError) -> Int64 {
        guard bytes.endIndex - position >= 8 else { throw FrameError() }
        let value = bytes.withUnsafeBytes { buffer in
            buffer.loadUnaligned(fromByteOffset: position - bytes.startIndex, as: Int64.self)
        }
        position += 8
        return Int64(littleEndian: value)
    }

    mutating func readInt() throws(FrameError) -> Int { Int(try readInt64()) }

    /// Reads the number of elements that follow.
    mutating func readCount() throws(FrameError) -> Int {
        let count = try readInt()
        guard count >= 0 else { throw FrameError() }
        return count
    }

    mutating func readDouble() throws(FrameError) -> Double { Double(bitPattern: UInt64(bitPattern: try readInt64())) }
    mutating func readBool() throws(FrameError) -> Bool { try readByte() != 0 }

    mutating func readBytes() throws(FrameError) -> [UInt8] { Array(try readSlice()) }

    mutating func readString() throws(FrameError) -> String { String(decoding: try readSlice(), as: UTF8.self) }

    mutating func readOptional<Value>(
        _ read: (inout ByteReader) throws(FrameError) -> Value
    ) throws(FrameError) -> Value? {
        try readBool() ? try read(&self) : nil
    }

    private mutating func readSlice() throws(FrameError) -> ArraySlice<UInt8> {
        let count = try readCount()
        guard count <= bytes.endIndex - position else { throw FrameError() }
        defer { position += count }
        return bytes[position..<position + count]
    }
}
