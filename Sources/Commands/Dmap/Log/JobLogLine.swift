import CeleryCore

/// A line of a job log: the columns of GNU parallel, and the id of the task.
///
/// Parallel's programs and scripts take what they know from the left; the id is last.
struct JobLogLine: Sendable, Equatable {
    var number: Int
    /// The worker; a colon, parallel's name for this machine, when it is unknown.
    var host = ":"
    /// Unix seconds.
    var start: Double = 0
    /// In seconds.
    var runtime: Double = 0
    /// Bytes of the item.
    var sent = 0
    /// Bytes printed as its result.
    var received = 0
    /// The exit status; 0 for a program that died of a signal.
    var exit: Int32 = 0
    var signal: Int32 = 0
    /// The task and the item: see `JobLog.command`.
    var command: [UInt8]
    var id: TaskID

    static let columns = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand"
    private static let fieldCount = 10

    /// - Parameter command: See `JobLog.command`.
    init(_ item: DmapItem, _ result: TaskResult, command: [UInt8], received: Int) {
        number = item.number
        self.command = command
        id = result.id
        sent = item.size
        self.received = received
        if let worker = result.worker, !worker.isEmpty { host = worker }
        start = (result.dateStarted ?? result.dateDone)?.seconds ?? 0
        if let began = result.dateStarted, let done = result.dateDone { runtime = max(0, done.seconds - began.seconds) }
        let status = ExitCode.of(result)
        if let code = result.failure?.programStatus, -64 ... -1 ~= code, result.state == .failure {
            signal = Int32(-code)
        } else {
            exit = status
        }
    }

    /// Reads a line; `nil` for a line that is none, or was cut off.
    init?(_ line: [UInt8]) {
        let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        guard fields.count == Self.fieldCount, let number = Self.integer(fields[0]), let sent = Self.integer(fields[4]),
            let received = Self.integer(fields[5]), let exit = Self.integer(fields[6]), let signal = Self.integer(fields[7])
        else { return nil }
        self.number = number
        (self.sent, self.received) = (sent, received)
        (self.exit, self.signal) = (Int32(truncatingIfNeeded: exit), Int32(truncatingIfNeeded: signal))
        host = String(decoding: fields[1], as: UTF8.self)
        start = Double(String(decoding: fields[2], as: UTF8.self)) ?? 0
        runtime = Double(String(decoding: fields[3].drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)) ?? 0
        command = Array(fields[8])
        id = TaskID(String(decoding: fields[9], as: UTF8.self))
    }

    var isFailed: Bool { exit != 0 || signal != 0 }

    /// The line, with its newline.
    var bytes: [UInt8] {
        let name = host.utf8.contains { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\n") } ? ":" : host
        var line = Array("\(number)\t\(name)\t\(Self.milliseconds(start))\t".utf8)
        let runtime = Self.milliseconds(runtime)
        line += Array(repeating: UInt8(ascii: " "), count: max(0, 10 - runtime.utf8.count))
        line += Array("\(runtime)\t\(sent)\t\(received)\t\(exit)\t\(signal)\t".utf8)
        line += command
        line += Array("\t\(id.text)\n".utf8)
        return line
    }

    /// A number with three digits after the point.
    private static func milliseconds(_ seconds: Double) -> String {
        let value = Int64((seconds * 1_000).rounded())
        let rest = String(value % 1_000)
        return "\(value / 1_000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }

    private static func integer(_ field: ArraySlice<UInt8>) -> Int? { Int(String(decoding: field, as: UTF8.self)) }
}
