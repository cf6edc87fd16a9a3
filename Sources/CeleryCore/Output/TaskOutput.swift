/// What one attempt wrote to its standard streams: the beginning and the end of each, in the order in which it was written.
package struct TaskOutput: Sendable, Equatable {
    /// A standard stream.
    package enum Stream: UInt8, Sendable, CaseIterable {
        case stdout = 1, stderr = 2

        package var name: String { self == .stdout ? "stdout" : "stderr" }
    }

    /// Consecutive bytes of one stream, or a gap.
    package enum Piece: Sendable, Equatable {
        case bytes(Stream, [UInt8])
        /// So many bytes of the stream were not kept.
        case gap(Stream, Int)
    }

    package var pieces: [Piece]

    package init(pieces: [Piece] = []) { self.pieces = pieces }

    package var isEmpty: Bool { pieces.isEmpty }

    /// The kept bytes of a stream, without the gap.
    package func bytes(of stream: Stream) -> [UInt8] {
        pieces.reduce(into: []) { bytes, piece in
            if case .bytes(stream, let more) = piece { bytes += more }
        }
    }

    /// The number of bytes of a stream that were not kept.
    package func omitted(of stream: Stream) -> Int {
        pieces.reduce(0) { count, piece in
            if case .gap(stream, let more) = piece { count + more } else { count }
        }
    }
}

// MARK: Encoding

// A byte with the version of the format, then the pieces: a byte with the number of the stream, plus 128 for a gap; the number of
// bytes, as 8 bytes in little-endian order; and the bytes, unless it is a gap.
extension TaskOutput {
    private static let version: UInt8 = 1
    private static let gapMark: UInt8 = 0x80
    private static let headerLength = 9

    package var encoded: [UInt8] {
        var result = [Self.version]
        for piece in pieces {
            let (kind, count) = switch piece {
            case .bytes(let stream, let bytes): (stream.rawValue, bytes.count)
            case .gap(let stream, let count): (stream.rawValue | Self.gapMark, count)
            }
            result.append(kind)
            withUnsafeBytes(of: UInt64(count).littleEndian) { result.append(contentsOf: $0) }
            if case .bytes(_, let bytes) = piece { result += bytes }
        }
        return result
    }

    /// Decodes what `encoded` made.
    ///
    /// - Returns: `nil` for anything else.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.first == Self.version else { return nil }
        var pieces: [Piece] = []
        var total = 0
        var rest = bytes.dropFirst()
        while let kind = rest.first {
            guard rest.count >= Self.headerLength, let stream = Stream(rawValue: kind & ~Self.gapMark) else { return nil }
            let number = rest[(rest.startIndex + 1)...].prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard let count = Int(exactly: number) else { return nil }
            let (sum, isTooMuch) = total.addingReportingOverflow(count)
            if isTooMuch { return nil }
            total = sum
            rest = rest.dropFirst(Self.headerLength)
            if kind & Self.gapMark != 0 {
                pieces.append(.gap(stream, count))
            } else {
                guard count <= rest.count else { return nil }
                pieces.append(.bytes(stream, Array(rest.prefix(count))))
                rest = rest.dropFirst(count)
            }
        }
        self.init(pieces: pieces)
    }
}
