public import CeleryCore
public import Logging

/// What a running task knows of itself: the default keyword arguments of the original, and more.
public struct TaskContext: Sendable {
    public let taskID: TaskID
    public let taskName: String
    /// How often it has asked to be tried again.
    public let retries: Int
    /// Which execution of the message this is, counted from 1; more than `retries + 1` after a crash.
    public let attempt: Int
    /// The worker's log file; `nil` when it logs elsewhere.
    public let logFile: String?
    /// The worker's log level, e.g. `INFO`.
    public let logLevel: String
    /// The first task of the workflow; this one, when it is none.
    public let rootID: TaskID
    /// The task that sent this one.
    public let parentID: TaskID?
    /// The arguments as they came.
    public let arguments: TaskArguments
    /// Why the task is being stopped, when it is.
    package let interruption: TaskInterruption

    private let workerLogger: Logger

    package init(
        taskID: TaskID, taskName: String, retries: Int = 0, attempt: Int = 1, logFile: String? = nil,
        logLevel: String = "INFO", rootID: TaskID? = nil, parentID: TaskID? = nil,
        arguments: TaskArguments = TaskArguments(), interruption: TaskInterruption = TaskInterruption(),
        logger: Logger
    ) {
        self.taskID = taskID
        self.taskName = taskName
        self.retries = retries
        self.attempt = attempt
        self.logFile = logFile
        self.logLevel = logLevel
        self.rootID = rootID ?? taskID
        self.parentID = parentID
        self.arguments = arguments
        self.interruption = interruption
        workerLogger = logger
    }

    /// A logger that says the task's name and id with every line. Made anew each time: keep it in a loop.
    public var logger: Logger {
        var logger = workerLogger
        logger[metadataKey: "task_id"] = "\(taskID)"
        logger[metadataKey: "task_name"] = "\(taskName)"
        return logger
    }

    /// Whether the task has been told to stop: its soft time limit is over, or the worker stops.
    public var isCancelled: Bool { Task.isCancelled }

    /// Whether it was told so because its soft time limit is over.
    public var isOverSoftTimeLimit: Bool { interruption.softTimeLimit != nil }

    /// What to throw in order to be tried again.
    ///
    ///     catch { throw context.retry(in: .seconds(5), because: error) }
    ///
    /// - Parameters:
    ///   - delay: How long to wait; the task's own `retryDelay` when `nil`.
    ///   - error: What the task fails of when it has no retries left.
    public func retry(in delay: Duration? = nil, because error: (any Error)? = nil) -> TaskRetry {
        TaskRetry(delay: delay, cause: error)
    }
}
