import Glibc
import Logging

/// Sends the log messages of a Swift task to the worker, which writes them to its log.
struct SwiftLog: LogHandler {
    let taskID: String
    let taskName: String
    let send: @Sendable (LogLine) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .debug

    init(taskID: String, taskName: String, send: @escaping @Sendable (LogLine) -> Void) {
        self.taskID = taskID
        self.taskName = taskName
        self.send = send
    }

    /// A logger for one task.
    static func logger(for job: JobRequest, send: @escaping @Sendable (LogLine) -> Void) -> Logger {
        Logger(label: job.taskName) { _ in SwiftLog(taskID: job.taskID, taskName: job.taskName, send: send) }
    }

    /// The worker's log file, from the variable that the worker sets for its children.
    static var file: String? { getenv("CELERY_LOGFILE").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } }
    /// The worker's log level, from the variable that the worker sets for its children.
    static var level: String { getenv("CELERY_LOGLEVEL").map { String(cString: $0) } ?? "INFO" }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        send(LogLine(taskID: taskID, taskName: taskName, level: event.level.rawValue, text: event.message.description))
    }
}
