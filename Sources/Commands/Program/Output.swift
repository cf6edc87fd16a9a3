import CeleryCore
import Glibc
import Synchronization

/// The output of a command: results on stdout, everything else on stderr.
///
/// stdout is buffered; on a terminal it is written line by line.
///
/// Texts of tasks and messages are untrusted and must not control the terminal: except in `raw` and `passOn`,
/// control characters are escaped.
final class Output: Sendable {
    /// The format of results.
    enum Format: Sendable {
        case text
        /// One JSON object per line.
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

    /// Writes one or more lines of results.
    func line(_ text: String) { raw(text.printable) }

    /// Writes an object as a line of JSON.
    func object(_ object: JSONObject) { raw(JSON.object(object).text(style: .compact).printableJSON) }

    /// Writes a line unescaped: return values of tasks, and our own escape sequences.
    func raw(_ text: String) {
        buffer.withLock { buffer in
            buffer.append(contentsOf: text.utf8)
            buffer.append(UInt8(ascii: "\n"))
            if isTerminal || buffer.count >= Self.bufferLimit { Self.write(&buffer) }
        }
    }

    /// Writes bytes unescaped and without a line break: what a task wrote.
    func raw(bytes: some Sequence<UInt8>) {
        buffer.withLock { buffer in
            buffer.append(contentsOf: bytes)
            if isTerminal || buffer.count >= Self.bufferLimit { Self.write(&buffer) }
        }
    }

    /// Erases the last lines on a terminal, so that new ones take their place; elsewhere, they follow.
    func erase(lines count: Int) {
        if isTerminal, count > 0 { raw(bytes: "\u{1B}[\(count)A\u{1B}[J".utf8) }
    }

    /// Writes the object with `--json`, else the text.
    func record(_ object: @autoclosure () -> JSONObject, text: @autoclosure () -> String) {
        switch format {
        case .json: self.object(object())
        case .text: line(text())
        }
    }

    /// Writes the buffered results.
    func flush() { buffer.withLock { Self.write(&$0) } }

    /// Writes a line to stderr unless `isQuiet`.
    func note(_ text: String) {
        if !isQuiet { error(text) }
    }

    /// Writes a line to stderr.
    func error(_ text: String) {
        flush()
        Self.write(Array((text.printable + "\n").utf8), to: STDERR_FILENO)
    }

    /// Writes text to stderr unescaped: the stderr output of a program.
    func passOn(_ text: String) {
        flush()
        Self.write(Array(text.utf8), to: STDERR_FILENO)
    }

    private static func write(_ buffer: inout [UInt8]) {
        write(buffer, to: STDOUT_FILENO)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Writes all bytes. A reader that went away ends the command by SIGPIPE, as usual; any other
    /// failure to write results ends it with an error.
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
