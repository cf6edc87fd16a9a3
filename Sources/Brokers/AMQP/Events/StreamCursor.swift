/// A position in the log of events: before a message of the stream, or after some of the events in that message.
struct StreamCursor: Hashable, CustomStringConvertible {
    /// Stream offset of the message.
    var offset: Int64
    /// Number of events in that message before the position.
    var skipped = 0

    init(offset: Int64, skipped: Int = 0) {
        self.offset = offset
        self.skipped = skipped
    }

    /// Reads `123` or `123.4`.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let offset = Int64(parts[0]), let skipped = parts.count == 2 ? Int(parts[1]) : 0
        else { return nil }
        self.init(offset: offset, skipped: skipped)
    }

    var description: String { skipped == 0 ? "\(offset)" : "\(offset).\(skipped)" }

    /// Offset to read from to reach this position: the offset of a message known to have existed, if possible.
    var base: Int64 { skipped > 0 || offset == 0 ? offset : offset - 1 }
}
