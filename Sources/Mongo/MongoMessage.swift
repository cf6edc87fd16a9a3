/// Messages of MongoDB's wire protocol, of the one kind that servers since 3.6 speak for everything (OP_MSG): a header of four numbers
/// (size, number, number of the request that is answered, kind), flags, and a section with a document.
enum MongoMessage {
    /// The kind of all messages.
    static let kind: Int32 = 2013
    /// Bytes of a message at most (`maxMessageSizeBytes` of every server).
    static let limit = 48_000_000
    private static let headerSize = 16

    /// Appends a command.
    static func append(_ command: BSONDocument, number: Int32, to output: inout [UInt8]) {
        let start = output.count
        for word in [0, number, 0, kind] { BSONEncoder.append(word, to: &output) }
        BSONEncoder.append(UInt32(0), to: &output)
        output.append(0)
        BSONEncoder.append(command, to: &output)
        let size = Int32(clamping: output.count - start)
        withUnsafeBytes(of: size.littleEndian) { output.replaceSubrange(start..<start + 4, with: $0) }
    }

    /// Reads answers from the bytes of a server, as they arrive. After an error it cannot be used any more.
    struct Decoder {
        private var buffer: [UInt8] = []
        /// Where the part of the buffer begins that has not been read.
        private var start = 0
        private let limit: Int

        init(limit: Int = MongoMessage.limit) { self.limit = limit }

        /// Adds bytes that have come; they are copied.
        mutating func feed(_ bytes: UnsafeRawBufferPointer) {
            if start == buffer.count {
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

        /// The next whole answer, and the number of the command that it answers; `nil` until the rest of it has come.
        mutating func next() throws(BSONFault) -> (document: BSONDocument, answers: Int32)? {
            guard buffer.count - start >= headerSize else { return nil }
            let size = Int(word(0))
            guard word(12) == kind else { throw BSONFault(description: "a message of kind \(word(12)) is no answer") }
            guard size > headerSize + 5, size <= limit else { throw BSONFault(description: "no message has \(size) bytes") }
            guard buffer.count - start >= size else { return nil }
            let flags = UInt32(bitPattern: word(16))
            // Of the flags that must be understood there are a checksum at the end, which TCP makes superfluous, and the announcement
            // of more answers, for which nobody here asks.
            guard flags & 0xFFFE == 0, buffer[start + 20] == 0 else { throw BSONFault(description: "an answer is in an unknown form") }
            let end = start + size - (flags & 1 == 1 ? 4 : 0)
            let answers = word(8)
            guard start + 21 < end else { throw BSONFault(description: "no message has \(size) bytes") }
            let document = try BSONDecoder.document(buffer[start + 21..<end])
            start += size
            return (document, answers)
        }

        private func word(_ offset: Int) -> Int32 {
            let at = start + offset
            guard at + 4 <= buffer.count else { return 0 }
            return Int32(bitPattern: buffer[at..<at + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
        }
    }
}
