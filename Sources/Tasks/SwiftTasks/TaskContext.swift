public import CeleryCore
public import Logging

/// The context of a running task: the default keyword arguments of the original, and more.
public struct TaskContext: Sendable {
    public let taskID: TaskID
    public let taskName: String
    /// Number of retries so far.
    public let retries: Int
    /// The number of this execution of the message, from 1; greater than `retries + 1` after a crash.
    public let attempt: Int
    /// The worker's log file; `nil` if the worker does not log to a file.
    public let logFile: String?
    /// The worker's log level, e.g. `INFO`.
    public let logLevel: String
    /// The first task of the workflow; this task itself outside a workflow.
    public let rootID: TaskID
    /// The task that sent this one, if any.
    public let parentID: TaskID?
    /// The trace that the message continues, if any. Messages that the task sends continue it too.
    public let trace: TraceContext?
    /// The arguments of the message.
    public let arguments: TaskArguments
    /// Why the task is being cancelled, if it is.
    package let interruption: TaskInterruption

    private let workerLogger: Logger
    /// Passes on what the task says about itself; `nil` outside a worker.
    private let telling: SwiftTelling?

    package init(
        taskID: TaskID, taskName: String, retries: Int = 0, attempt: Int = 1, logFile: String? = nil,
        logLevel: String = "INFO", rootID: TaskID? = nil, parentID: TaskID? = nil,
        arguments: TaskArguments = TaskArguments(), interruption: TaskInterruption = TaskInterruption(),
        trace: TraceContext? = nil, telling: SwiftTelling? = nil, logger: Logger
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
        self.trace = trace
        self.interruption = interruption
        workerLogger = logger
        self.telling = telling
    }

    /// Tells how far the task has come: its state becomes PROGRESS, with this in place of a result.
    ///
    ///     context.progress(30, of: 100, "copying")
    ///
    /// Does not block. Only the latest of several calls within a quarter of a second is passed on, and none of a task whose
    /// result is ignored.
    ///
    /// - Parameters:
    ///   - current: What is done, in a unit of the task's choice.
    ///   - total: What there is to do, in the same unit; `nil` if that is not known.
    ///   - text: What the task is doing.
    public func progress(_ current: Double, of total: Double? = nil, _ text: String? = nil) {
        var info: JSONObject = ["current": .number(current)]
        if let total { info["total"] = .number(total) }
        if let text { info["text"] = .string(text) }
        telling?.add(TaskTelling(progress: info))
    }

    /// Notes something about the task, to be shown with its progress and stored with its result. Does not block.
    public func note(_ key: String, _ value: JSON) { telling?.add(TaskTelling(meta: [key: value])) }

    /// A logger that adds the task's name and id to every message. Created on each access: store it in a variable for use in
    /// loops.
    public var logger: Logger {
        var logger = workerLogger
        logger[metadataKey: "task_id"] = "\(taskID)"
        logger[metadataKey: "task_name"] = "\(taskName)"
        return logger
    }

    /// Whether the task has been cancelled because its soft time limit has passed.
    public var isCancelled: Bool { Task.isCancelled }

    /// Whether the soft time limit has passed.
    public var isOverSoftTimeLimit: Bool { interruption.softTimeLimit != nil }

    /// The error to throw in order to request a retry.
    ///
    ///     catch { throw context.retry(in: .seconds(5), because: error) }
    ///
    /// - Parameters:
    ///   - delay: The retry delay; `nil` for the delay in the task's options.
    ///   - error: The failure of the task if it has no retries left.
    public func retry(in delay: Duration? = nil, because error: (any Error)? = nil) -> TaskRetry {
        TaskRetry(delay: delay, cause: error)
    }
}
