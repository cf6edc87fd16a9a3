/// Takes the bytes of a pickle one argument after another.
struct PickleScanner {
    private let bytes: [UInt8]
    private(set) var at = 0
    /// Where the current instruction begins.
    private(set) var instruction = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { at == bytes.count }

    func error(_ reason: PickleError.Reason) -> PickleError { PickleError(offset: instruction, reason: reason) }

    mutating func nextInstruction() throws(PickleError) -> UInt8 {
        instruction = at
        return try byte()
    }

    mutating func byte() throws(PickleError) -> UInt8 {
        guard at < bytes.count else { throw error(.unexpectedEnd) }
        defer { at += 1 }
        return bytes[at]
    }

    mutating func bytes(_ count: Int) throws(PickleError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - at else { throw error(.unexpectedEnd) }
        defer { at += count }
        return bytes[at..<at + count]
    }

    /// An unsigned number of up to eight bytes, the lowest first.
    mutating func count(ofBytes size: Int) throws(PickleError) -> Int {
        let number = try bytes(size).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // No pickle in memory has that many bytes.
        return Int(exactly: number) ?? .max
    }

    mutating func int32() throws(PickleError) -> Int32 {
        Int32(truncatingIfNeeded: try count(ofBytes: 4))
    }

    /// A double, the highest byte first.
    mutating func double() throws(PickleError) -> Double {
        Double(bitPattern: try bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    /// The rest of the line, without its end.
    mutating func line() throws(PickleError) -> ArraySlice<UInt8> {
        guard let end = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) else { throw error(.unexpectedEnd) }
        defer { at = end + 1 }
        return bytes[at..<end]
    }

    /// The rest of the line, in which every byte is ASCII.
    mutating func asciiLine() throws(PickleError) -> String {
        let line = try line()
        guard line.allSatisfy({ $0 < 0x80 }) else { throw error(.badLiteral) }
        return String(decoding: line, as: UTF8.self)
    }

    /// The rest of the line as a number in decimal that fits.
    mutating func numberLine() throws(PickleError) -> Int {
        guard let number = Int(try asciiLine()) else { throw error(.badLiteral) }
        return number
    }
}
