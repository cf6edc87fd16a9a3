/// Bytes of documents.
package enum BSONEncoder {
    /// Bytes of a document at most, of servers of every version (`maxBsonObjectSize`).
    package static let documentLimit = 16 << 20

    package static func bytes(of document: BSONDocument) -> [UInt8] {
        var output: [UInt8] = []
        append(document, to: &output)
        return output
    }

    /// Appends a document. Names have no NUL: they are all Celery's or our own.
    static func append(_ document: BSONDocument, to output: inout [UInt8]) {
        appendSized(to: &output) { output in
            for member in document.members { append(member.name, member.value, to: &output) }
        }
    }

    private static func appendSized(to output: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
        let start = output.count
        append(Int32(0), to: &output)
        body(&output)
        output.append(0)
        withUnsafeBytes(of: Int32(clamping: output.count - start).littleEndian) { output.replaceSubrange(start..<start + 4, with: $0) }
    }

    private static func append(_ name: String, _ value: BSONValue, to output: inout [UInt8]) {
        func begin(_ type: UInt8) {
            output.append(type)
            output += name.utf8.prefix { $0 != 0 }
            output.append(0)
        }
        switch value {
        case .double(let number):
            begin(0x01)
            append(number.bitPattern, to: &output)
        case .string(let text):
            begin(0x02)
            append(Int32(clamping: text.utf8.count + 1), to: &output)
            output += text.utf8
            output.append(0)
        case .document(let document):
            begin(0x03)
            append(document, to: &output)
        case .array(let values):
            begin(0x04)
            appendSized(to: &output) { output in
                for (index, value) in values.enumerated() { append("\(index)", value, to: &output) }
            }
        case .binary(let bytes, let subtype):
            begin(0x05)
            append(Int32(clamping: bytes.count), to: &output)
            output.append(subtype)
            output += bytes
        case .bool(let value):
            begin(0x08)
            output.append(value ? 1 : 0)
        case .date(let milliseconds):
            begin(0x09)
            append(milliseconds, to: &output)
        case .null: begin(0x0A)
        case .int32(let number):
            begin(0x10)
            append(number, to: &output)
        case .int64(let number):
            begin(0x12)
            append(number, to: &output)
        case .other: begin(0x0A)
        }
    }

    static func append<Number: FixedWidthInteger>(_ number: Number, to output: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { output += $0 }
    }
}
