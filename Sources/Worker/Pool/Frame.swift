/// A message between the worker and a pool child over their socket pair.
///
/// Each frame consists of a length (4 bytes, little-endian, not counting itself), a kind (1 byte), and fields.
enum Frame {
    /// To the child: run this job.
    case job(JobRequest)
    /// To the child: return the jobs that have not begun.
    case recall
    /// To the child: finish all jobs, then exit.
    case finish
    /// To the child: terminate the job with this tag by a signal, if the job is running.
    case terminate(Int64, signal: Int32)
    /// From the child: ready for jobs.
    case ready
    /// From the child: a job has ended.
    case report(JobReport)
    /// From the child: these jobs have not begun; the answer to `recall`.
    case returned([Int64])
    /// From the child: this job has not begun, because the file of its task has changed.
    case outdated(Int64)
    /// From the child: a log line.
    case log(LogLine)

    private enum Kind: UInt8 {
        case job = 1, recall, finish, terminate
        case ready = 64, report, returned, log, outdated
    }

    /// Length in bytes of the length field.
    static let headerLength = 4
    /// Maximum length in bytes: a message body of 1 GiB (SQLite limits values to 1 GB) and 1 MiB for the other fields.
    static let lengthLimit = 1 << 30 + 1 << 20

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        for _ in 0..<Self.headerLength { writer.write(UInt8(0)) }
        switch self {
        case .job(let request):
            writer.write(Kind.job.rawValue)
            request.write(to: &writer)
        case .recall: writer.write(Kind.recall.rawValue)
        case .finish: writer.write(Kind.finish.rawValue)
        case .terminate(let tag, let signal):
            writer.write(Kind.terminate.rawValue)
            writer.write(tag)
            writer.write(Int(signal))
        case .ready: writer.write(Kind.ready.rawValue)
        case .report(let report):
            writer.write(Kind.report.rawValue)
            report.write(to: &writer)
        case .returned(let tags):
            writer.write(Kind.returned.rawValue)
            writer.write(tags.count)
            for tag in tags { writer.write(tag) }
        case .outdated(let tag):
            writer.write(Kind.outdated.rawValue)
            writer.write(tag)
        case .log(let line):
            writer.write(Kind.log.rawValue)
            line.write(to: &writer)
        }
        var bytes = writer.bytes
        let length = UInt32(bytes.count - Self.headerLength)
        withUnsafeBytes(of: length.littleEndian) { header in
            for index in 0..<Self.headerLength { bytes[index] = header[index] }
        }
        return bytes
    }

    /// Decodes a frame without its length field.
    ///
    /// - Throws: `FrameError` for a truncated or invalid frame.
    init(decoding bytes: ArraySlice<UInt8>) throws(FrameError) {
        var reader = ByteReader(bytes)
        switch Kind(rawValue: try reader.readByte()) {
        case .job: self = .job(try JobRequest(from: &reader))
        case .recall: self = .recall
        case .finish: self = .finish
        case .terminate:
            let tag = try reader.readInt64()
            self = .terminate(tag, signal: Int32(truncatingIfNeeded: try reader.readInt()))
        case .ready: self = .ready
        case .report: self = .report(try JobReport(from: &reader))
        case .returned:
            var tags: [Int64] = []
            for _ in 0..<(try reader.readCount()) { tags.append(try reader.readInt64()) }
            self = .returned(tags)
        case .outdated: self = .outdated(try reader.readInt64())
        case .log: self = .log(try LogLine(from: &reader))
        case nil: throw FrameError()
        }
    }
}

/// A line from a task to the worker's log.
package struct LogLine: Sendable, Equatable {
    package var taskID: String
    package var taskName: String
    /// The name of the level in swift-log.
    package var level: String
    package var text: String

    package init(taskID: String, taskName: String, level: String, text: String) {
        self.taskID = taskID
        self.taskName = taskName
        self.level = level
        self.text = text
    }

    func write(to writer: inout ByteWriter) {
        writer.write(taskID)
        writer.write(taskName)
        writer.write(level)
        writer.write(text)
    }

    init(from reader: inout ByteReader) throws(FrameError) {
        taskID = try reader.readString()
        taskName = try reader.readString()
        level = try reader.readString()
        text = try reader.readString()
    }
}
