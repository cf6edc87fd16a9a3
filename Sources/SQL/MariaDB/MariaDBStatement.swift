/// A statement with its values in it: bytes and texts as hexadecimal literals, in which no letter means anything.
enum MariaDBStatement {
    /// - Parameters:
    ///   - sql: A question mark stands for a value, and there is no other.
    ///   - values: As many as there are question marks.
    static func bytes(_ sql: String, _ values: [SQLValue]) -> [UInt8] {
        precondition(sql.utf8.count { $0 == UInt8(ascii: "?") } == values.count, "values for other parameters")
        var statement: [UInt8] = []
        statement.reserveCapacity(sql.utf8.count + values.reduce(0) { $0 + 2 * $1.size + 16 })
        var next = values.makeIterator()
        for byte in sql.utf8 {
            if byte == UInt8(ascii: "?"), let value = next.next() { append(value, to: &statement) } else { statement.append(byte) }
        }
        return statement
    }

    private static func append(_ value: SQLValue, to statement: inout [UInt8]) {
        switch value {
        case .null: statement += "NULL".utf8
        case .integer(let number): statement += "\(number)".utf8
        // Without its character set it would be bytes, and an index of texts of no use.
        case .text(let text): appendHexadecimal("_utf8mb4 X'", text.utf8, to: &statement)
        case .blob(let bytes): appendHexadecimal("X'", bytes, to: &statement)
        }
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func appendHexadecimal(_ start: String, _ bytes: some Collection<UInt8>, to statement: inout [UInt8]) {
        statement += start.utf8
        digits.withUnsafeBufferPointer { digits in
            for byte in bytes {
                statement.append(digits[Int(byte >> 4)])
                statement.append(digits[Int(byte & 15)])
            }
        }
        statement.append(UInt8(ascii: "'"))
    }
}
