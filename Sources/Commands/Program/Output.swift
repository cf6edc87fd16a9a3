import CeleryCore
import Glibc
import Synchronization

/// Where a command writes: results on stdout, everything else on stderr.
///
/// stdout is gathered and written in large pieces; on a terminal, line by line.
///
/// Tasks and messages bring text of strangers along, which must not act on a terminal: what goes through here is made
/// printable, but for `raw` and `passOn`.
final class Output: Sendable {
    /// How results are written.
    enum Format: Sendable {
        case text
        /// One object a line.
        case json
    }

    let format: Format
    let isQuiet: Bool
    let usesColor: Bool
    let isTerminal: Bool
    let errorIsTerminal: Bool
    private let buffer = Mutex<[UInt8]>([])

    private static let bufferLimit = 1 << 16

    init(format: Format = .text, isQuiet: Bool = false, allowsColor: Bool = true) {
        self.format = format
        self.isQuiet = isQuiet
        isTerminal = isatty(STDOUT_FILENO) == 1
        errorIsTerminal = isatty(STDERR_FILENO) == 1
        usesColor = allowsColor && isTerminal
    }

    /// Writes a line of results, or several.
    func line(_ text: String) { raw(text.printable) }

    /// Writes an object in a line of JSON.
    func object(_ object: JSONObject) { raw(JSON.object(object).text(style: .compact).printableJSON) }

    /// Writes a line as it is: what a task returned, for whoever asked for it, and escape sequences of our own.
    func raw(_ text: String) {
        buffer.withLock { buffer in
            buffer.append(contentsOf: text.utf8)
            buffer.append(UInt8(ascii: "\n"))
            if isTerminal || buffer.count >= Self.bufferLimit { Self.write(&buffer) }
        }
    }

    /// Writes a line: the object under `--json`, else the text.
    func record(_ object: @autoclosure () -> JSONObject, text: @autoclosure () -> String) {
        switch format {
        case .json: self.object(object())
        case .text: line(text())
        }
    }

    /// Writes what was gathered.
    func flush() { buffer.withLock { Self.write(&$0) } }

    /// Says something that is no result, unless quiet.
    func note(_ text: String) {
        if !isQuiet { error(text) }
    }

    /// Says what must be said.
    func error(_ text: String) {
        flush()
        Self.write(Array((text.printable + "\n").utf8), to: STDERR_FILENO)
    }

    /// Writes text to stderr as it is: what a program wrote there.
    func passOn(_ text: String) {
        flush()
        Self.write(Array(text.utf8), to: STDERR_FILENO)
    }

    private static func write(_ buffer: inout [UInt8]) {
        write(buffer, to: STDOUT_FILENO)
        buffer.removeAll(keepingCapacity: true)
    }

    /// A reader that went away ends a command by SIGPIPE, as with every tool; any other
    /// failure to write results must not pass for success.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + sent, $0.count - sent) }
            if count < 0 {
                if errno == EINTR { continue }
                guard descriptor == STDOUT_FILENO else { return }
                let reason = Array("celery: cannot write results: \(String(cString: strerror(errno)).lowercased())\n".utf8)
                _ = reason.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
                _exit(ExitCode.cannotCreate)
            }
            sent += count
        }
    }
}
