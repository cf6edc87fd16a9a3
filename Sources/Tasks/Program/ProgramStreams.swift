import CeleryCore
import Glibc
import Processes

/// Collects the output of a program, with limits.
struct ProgramStreams {
    private(set) var output: [UInt8] = []
    private(set) var outputIsCut = false
    private let outputPipe: OwnedDescriptor
    private let errorPipe: OwnedDescriptor
    private let channelPipe: OwnedDescriptor
    private let maxOutputBytes: Int
    private let onErrorLine: @Sendable (String) -> Void
    private var outputIsOpen = true
    private var errorIsOpen = true
    private var channelIsOpen = true
    /// What the program says on its channel.
    private(set) var channel = TaskChannel()
    private let onNews: @Sendable (JSONObject) -> Void
    /// What is kept of both streams.
    private var collector: OutputCollector
    private let onOutput: @Sendable (TaskOutput) -> Void
    /// Maximum number of bytes that the program may write to the log.
    private let logLimit: Int

    /// The last bytes of standard error, for the traceback.
    private var tail: [UInt8] = []
    /// The unfinished last line of standard error.
    private var line: [UInt8] = []
    private var loggedBytes = 0
    private var unloggedBytes = 0

    private static let tailLimit = 8 << 10
    private static let lineLimit = 4 << 10
    /// Bytes of a log line besides its text: time, level, and the name and id of the task.
    private static let lineOverhead = 100
    private static let chunkLength = 1 << 16

    init(
        output: OwnedDescriptor, errors: OwnedDescriptor, channel: OwnedDescriptor, maxOutputBytes: Int,
        keeping limit: Int, logLimit: Int, onErrorLine: @escaping @Sendable (String) -> Void,
        onNews: @escaping @Sendable (JSONObject) -> Void, onOutput: @escaping @Sendable (TaskOutput) -> Void
    ) {
        outputPipe = output
        errorPipe = errors
        channelPipe = channel
        self.onNews = onNews
        self.onOutput = onOutput
        self.logLimit = logLimit
        collector = OutputCollector(limit: limit)
        self.maxOutputBytes = maxOutputBytes
        self.onErrorLine = onErrorLine
    }

    /// The end of standard error.
    var errorTail: String { Self.text(tail[...]) }

    /// The end of standard output, as far as it was read.
    var outputTail: String { Self.text(output.suffix(Self.tailLimit)) }

    /// What is kept of both streams.
    var kept: TaskOutput { collector.output }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        // Skips a partial UTF-8 character at the beginning.
        String(decoding: bytes.drop { $0 & 0xC0 == 0x80 }, as: UTF8.self)
    }

    /// Reads until the process of the pidfd `ended` has ended or the timeout passes.
    ///
    /// - Returns: Whether the process has ended.
    mutating func pump(until ended: OwnedDescriptor, timeout: Duration?) throws(SystemError) -> Bool {
        let deadline = Deadline(after: timeout)
        while true {
            var entries = [
                pollfd(fd: ended.number, events: Int16(POLLIN), revents: 0),
                pollfd(fd: outputIsOpen ? outputPipe.number : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errorIsOpen ? errorPipe.number : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: channelIsOpen ? channelPipe.number : -1, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&entries, nfds_t(entries.count), wait(until: deadline))
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError(errno, "poll")
            }
            if entries[1].revents != 0 { outputIsOpen = readOutput() }
            if entries[2].revents != 0 { errorIsOpen = readErrors() }
            if entries[3].revents != 0 { channelIsOpen = readChannel() }
            if entries[0].revents != 0 { return true }
            if let news = channel.takeNews() { onNews(news) }
            if let output = collector.report() { onOutput(output) }
            if deadline.hasPassed && timeout != nil { return false }
        }
    }

    /// Reads the remaining bytes in the pipes without blocking. All writers have ended, except processes that could not be
    /// killed, such as those with other privileges; their further output is ignored.
    mutating func drain() {
        try? outputPipe.setNonBlocking()
        try? errorPipe.setNonBlocking()
        while outputIsOpen { outputIsOpen = readOutput() }
        while errorIsOpen { errorIsOpen = readErrors() }
        while channelIsOpen { channelIsOpen = readChannel() }
        channel.finish()
        if !line.isEmpty { endLine() }
        if unloggedBytes > 0 { onErrorLine("... \(unloggedBytes) more bytes of stderr are not shown") }
    }

    /// How long to wait: until the deadline, or until something is to be passed on. In milliseconds, -1 for no limit.
    private func wait(until deadline: Deadline) -> Int32 {
        guard let next = [channel.story.nextReport, collector.nextReport].compactMap({ $0 }).min() else { return deadline.pollMilliseconds }
        let news = Deadline(after: max(.zero, next - .now)).pollMilliseconds
        let limit = deadline.pollMilliseconds
        return limit < 0 ? news : min(limit, news)
    }

    /// - Returns: `false` at the end of the stream.
    private mutating func readOutput() -> Bool {
        Self.read(outputPipe) { chunk in
            collector.add(chunk, to: .stdout)
            let free = maxOutputBytes - output.count
            output.append(contentsOf: chunk.prefix(free))
            if chunk.count > free { outputIsCut = true }
        }
    }

    private mutating func readErrors() -> Bool {
        Self.read(errorPipe) { chunk in
            collector.add(chunk, to: .stderr)
            tail.append(contentsOf: chunk.suffix(Self.tailLimit))
            if tail.count > Self.tailLimit { tail.removeFirst(tail.count - Self.tailLimit) }
            for byte in chunk {
                if byte == UInt8(ascii: "\n") || line.count >= Self.lineLimit { endLine() }
                if byte != UInt8(ascii: "\n") { line.append(byte) }
            }
        }
    }

    private mutating func readChannel() -> Bool {
        Self.read(channelPipe) { channel.take($0) }
    }

    private mutating func endLine() {
        if loggedBytes < logLimit {
            loggedBytes += line.count + Self.lineOverhead
            onErrorLine(String(decoding: line, as: UTF8.self))
        } else {
            unloggedBytes += line.count + 1
        }
        line.removeAll(keepingCapacity: true)
    }

    private static func read(_ pipe: OwnedDescriptor, _ use: (UnsafeRawBufferPointer) -> Void) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: chunkLength, alignment: 1) { buffer in
            while true {
                let count = Glibc.read(pipe.number, buffer.baseAddress, buffer.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                use(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                return true
            }
        }
    }
}
