import CeleryCore

/// Prints what the attempts of a task wrote, each byte once, although a running attempt is looked at again and again.
struct OutputPrinter {
    let id: TaskID
    let output: Output
    let streams: Set<TaskOutput.Stream>
    /// The attempt being printed, or the first one to print.
    private(set) var attempt: Int
    private(set) var hasFoundAny = false
    /// Number of bytes of each stream that were printed or said to be left out.
    private var printed: [TaskOutput.Stream: Int] = [:]
    /// Whether each attempt is announced.
    private let announces: Bool
    private var announced = 0

    /// - Parameter attempt: The only attempt to print; `nil` for all.
    init(id: TaskID, output: Output, streams: Set<TaskOutput.Stream>, attempt: Int?) {
        self.id = id
        self.output = output
        self.streams = streams
        self.attempt = attempt ?? 1
        announces = attempt == nil
    }

    /// Prints what is new in the outputs of attempts, sorted by attempt.
    mutating func print(_ outputs: [AttemptOutput]) {
        for kept in outputs {
            guard let content = TaskOutput(decoding: kept.content) else { continue }
            hasFoundAny = true
            if kept.attempt > attempt { printed = [:] }
            attempt = max(attempt, kept.attempt)
            // A task with one attempt needs no heading.
            if announces, kept.attempt > announced, output.format == .text, kept.attempt > 1 || outputs.count > 1 {
                output.note("==> attempt \(kept.attempt) <==")
                announced = kept.attempt
            }
            print(content)
        }
    }

    private mutating func print(_ content: TaskOutput) {
        var position: [TaskOutput.Stream: Int] = [:]
        for piece in content.pieces {
            switch piece {
            case .bytes(let stream, let bytes):
                let start = position[stream, default: 0]
                position[stream] = start + bytes.count
                let seen = printed[stream, default: 0]
                guard streams.contains(stream), seen < start + bytes.count else { continue }
                show(bytes.dropFirst(max(0, seen - start)), of: stream, at: max(seen, start))
                printed[stream] = start + bytes.count
            case .gap(let stream, let count):
                let start = position[stream, default: 0]
                position[stream] = start + count
                let seen = printed[stream, default: 0]
                guard streams.contains(stream), seen < start + count else { continue }
                leaveOut(start + count - max(seen, start), of: stream, at: max(seen, start))
                printed[stream] = start + count
            }
        }
    }

    private func show(_ bytes: ArraySlice<UInt8>, of stream: TaskOutput.Stream, at offset: Int) {
        guard output.format == .json else { return output.raw(bytes: bytes) }
        let text: JSON =
            String(validating: bytes, as: UTF8.self).map(JSON.string)
            ?? ["__type__": "base64", "__value__": .string(Base64.encode(Array(bytes)))]
        output.object(object(stream, offset, "text", text))
    }

    private func leaveOut(_ count: Int, of stream: TaskOutput.Stream, at offset: Int) {
        switch output.format {
        case .json: output.object(object(stream, offset, "omitted", .int(Int64(count))))
        case .text: output.error("[\(count) bytes of \(stream.name) were not kept]")
        }
    }

    private func object(_ stream: TaskOutput.Stream, _ offset: Int, _ key: String, _ value: JSON) -> JSONObject {
        [
            "id": .string(id.text), "attempt": .int(Int64(attempt)), "stream": .string(stream.name), "offset": .int(Int64(offset)),
            key: value,
        ]
    }
}
