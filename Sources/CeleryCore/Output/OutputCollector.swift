/// Collects what a running attempt writes, within a limit: of each stream the beginning, which stays, and the end, which
/// moves on.
package struct OutputCollector: Sendable {
    /// Consecutive bytes of one stream.
    private struct Part {
        /// Position among all parts.
        var number: Int
        var stream: TaskOutput.Stream
        var bytes: [UInt8]
    }

    private struct Half {
        /// Bytes of the stream in `heads`.
        var headCount = 0
        /// Parts of the end, and before them some that were dropped already.
        var tail: [Part] = []
        /// Index in `tail` of the first part that was not dropped.
        var first = 0
        /// Bytes of the parts that were not dropped.
        var tailCount = 0
        /// Bytes that were dropped between head and tail.
        var omitted = 0

        /// Drops the first part.
        mutating func dropPart() {
            tailCount -= tail[first].bytes.count
            omitted += tail[first].bytes.count
            tail[first].bytes = []
            first += 1
            guard first > 100, first * 2 > tail.count else { return }
            tail.removeFirst(first)
            first = 0
        }
    }

    /// Bytes kept of the beginning and of the end of each stream.
    private let headLimit: Int
    private let tailLimit: Int
    private var heads: [Part] = []
    private var halves: [Half] = [Half(), Half()]
    private var lastNumber = 0
    /// The stream of the last part.
    private var lastStream: TaskOutput.Stream?
    /// Whether bytes came since the last report.
    private var hasNews = false
    private var nextReportTime: ContinuousClock.Instant

    /// How long an attempt runs, and how much time is between two reports, before its output is passed on while it runs.
    package static let interval: Duration = .milliseconds(250)
    /// The same once there is much output, of which each report has all that is kept.
    private static let longInterval: Duration = .seconds(1)
    private static let muchOutput = 16 << 10
    /// Parts are joined up to this size.
    private static let joinLimit = 4 << 10

    /// - Parameter limit: Bytes kept of each stream; 0 keeps nothing.
    package init(limit: Int) {
        headLimit = limit / 2
        tailLimit = limit - limit / 2
        nextReportTime = .now + Self.interval
    }

    /// Whether nothing has been kept.
    package var isEmpty: Bool { lastNumber == 0 }

    /// Adds bytes of a stream.
    package mutating func add(_ bytes: some Collection<UInt8>, to stream: TaskOutput.Stream) {
        guard headLimit + tailLimit > 0, !bytes.isEmpty else { return }
        hasNews = true
        let index = Int(stream.rawValue) - 1
        let head = bytes.prefix(headLimit - halves[index].headCount)
        if !head.isEmpty {
            halves[index].headCount += head.count
            if lastStream == stream, let last = heads.indices.last, heads[last].number == lastNumber {
                heads[last].bytes += head
            } else {
                let part = newPart(head, stream)
                heads.append(part)
            }
        }
        let rest = bytes.dropFirst(head.count)
        if !rest.isEmpty { addTail(rest, stream, index) }
    }

    private mutating func addTail(_ bytes: some Collection<UInt8>, _ stream: TaskOutput.Stream, _ index: Int) {
        if bytes.count >= tailLimit {
            halves[index].omitted += halves[index].tailCount + bytes.count - tailLimit
            let part = newPart(bytes.suffix(tailLimit), stream)
            halves[index].tail = [part]
            halves[index].first = 0
            halves[index].tailCount = tailLimit
            return
        }
        halves[index].tailCount += bytes.count
        let last = halves[index].tail.count - 1
        if last >= halves[index].first, halves[index].tail[last].number == lastNumber, halves[index].tail[last].bytes.count < Self.joinLimit {
            halves[index].tail[last].bytes += bytes
        } else {
            let part = newPart(bytes, stream)
            halves[index].tail.append(part)
        }
        // Only whole parts go; the rest is cut off when it is asked for.
        while halves[index].tailCount - halves[index].tail[halves[index].first].bytes.count >= tailLimit { halves[index].dropPart() }
    }

    private mutating func newPart(_ bytes: some Collection<UInt8>, _ stream: TaskOutput.Stream) -> Part {
        lastNumber += 1
        lastStream = stream
        return Part(number: lastNumber, stream: stream, bytes: Array(bytes))
    }

    /// What is kept now.
    package var output: TaskOutput {
        var parts = heads
        var gaps: [TaskOutput.Stream: (count: Int, cut: Int)] = [:]
        for (index, half) in halves.enumerated() {
            let stream = TaskOutput.Stream(rawValue: UInt8(index + 1))!
            let cut = max(0, half.tailCount - tailLimit)
            if half.omitted + cut > 0 { gaps[stream] = (half.omitted + cut, cut) }
            parts += half.tail[half.first...]
        }
        parts.sort { $0.number < $1.number }
        var pieces: [TaskOutput.Piece] = []
        let lastHead = heads.reduce(into: [TaskOutput.Stream: Int]()) { $0[$1.stream] = $1.number }
        for part in parts {
            var bytes = part.bytes[...]
            if part.number > lastHead[part.stream] ?? 0, let gap = gaps.removeValue(forKey: part.stream) {
                pieces.append(.gap(part.stream, gap.count))
                bytes = bytes.dropFirst(gap.cut)
            }
            if case .bytes(part.stream, let before)? = pieces.last {
                pieces[pieces.count - 1] = .bytes(part.stream, before + bytes)
            } else if !bytes.isEmpty {
                pieces.append(.bytes(part.stream, Array(bytes)))
            }
        }
        return TaskOutput(pieces: pieces)
    }

    // MARK: Reports while it runs

    /// When there is something to pass on; `nil` while there is nothing.
    package var nextReport: ContinuousClock.Instant? { hasNews ? nextReportTime : nil }

    /// What is kept, to be passed on. `nil` without new bytes, or when the last report is too recent.
    package mutating func report(at now: ContinuousClock.Instant = .now) -> TaskOutput? {
        guard hasNews, nextReportTime <= now else { return nil }
        hasNews = false
        let size = halves.reduce(0) { $0 + $1.headCount + $1.tailCount }
        nextReportTime = now + (size < Self.muchOutput ? Self.interval : Self.longInterval)
        return output
    }
}
