import CeleryCore
import Glibc
import Logging
import Processes
import Synchronization

/// The log of a daemon: lines in the original's format, on stderr or in a log file.
///
/// `[2026-11-22 18:21:47,123: INFO/MainProcess] message`
final class DaemonLog: Sendable {
    private let file: LogFile?
    private let clock = Mutex((second: time_t(0), text: ""))

    /// - Parameter file: `nil` for stderr.
    init(file: LogFile?) { self.file = file }

    /// Whether the log is a file rather than stderr.
    var isFile: Bool { file != nil }

    /// A logger that writes here.
    func logger(level: Logger.Level) -> Logger {
        var logger = Logger(label: "celery") { _ in Handler(log: self) }
        logger.logLevel = level
        return logger
    }

    /// Reopens the file after it was renamed.
    func reopen() throws(SystemError) { try file?.reopen() }

    /// Writes a message. Clients choose much of its text, so control characters are escaped,
    /// and further lines, as in tracebacks, are indented, so that they cannot imitate another message.
    fileprivate func write(_ level: Logger.Level, _ message: String) {
        var text = message.printable
        if text.utf8.contains(UInt8(ascii: "\n")) { text = text.replacing(text: "\n", with: "\n    ") }
        let line = Array("[\(timestamp()): \(Self.name(of: level))/MainProcess] \(text)\n".utf8)
        // One call per line: with O_APPEND, lines of several processes do not mix.
        _ = line.withUnsafeBytes { Glibc.write(file?.descriptor.number ?? STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// The time as `2026-11-22 18:21:47,123`; the part up to the second is cached.
    private func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let second = clock.withLock { cache in
            if cache.second != now.tv_sec {
                var seconds = now.tv_sec
                var fields = tm()
                localtime_r(&seconds, &fields)
                var buffer = [CChar](repeating: 0, count: 32)
                let length = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M:%S", &fields)
                cache = (now.tv_sec, String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self))
            }
            return cache.text
        }
        let milliseconds = String(now.tv_nsec / 1_000_000)
        return "\(second),\(String(repeating: "0", count: 3 - milliseconds.count))\(milliseconds)"
    }

    /// Python's names of levels.
    private static func name(of level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "DEBUG"
        case .info, .notice: "INFO"
        case .warning: "WARNING"
        case .error: "ERROR"
        case .critical: "CRITICAL"
        }
    }

    /// The level for a value of the setting.
    static func level(named name: String) -> Logger.Level {
        switch name.uppercased() {
        case "DEBUG": .debug
        case "WARNING", "WARN": .warning
        case "ERROR": .error
        case "CRITICAL", "FATAL": .critical
        default: .info
        }
    }

    private struct Handler: LogHandler {
        let log: DaemonLog
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        init(log: DaemonLog) { self.log = log }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.write(event.level, event.message.description)
        }
    }
}
