/// Why a task did not succeed: the exception object of a result document.
///
/// Python rebuilds an exception from these three fields (`rpc-result-*` in `Tests/Golden`).
public struct TaskFailure: Sendable, Hashable {
    /// The class name, e.g. `ValueError`.
    public var type: String
    /// The exception's arguments.
    public var arguments: [JSON]
    /// The module of the class, e.g. `builtins`.
    public var module: String

    public init(type: String, arguments: [JSON] = [], module: String = "celery.exceptions") {
        self.type = type
        self.arguments = arguments
        self.module = module
    }
}

extension TaskFailure {
    /// The program of a task ended with a nonzero status.
    ///
    /// The type is Python's own; its arguments are the status, or the signal as a negative number, and the command.
    public static func exited(status: Int, task: String) -> TaskFailure {
        TaskFailure(type: "CalledProcessError", arguments: [.int(Int64(status)), .string(task)], module: "subprocess")
    }

    /// The program of a task died of a signal.
    public static func signaled(_ signal: Int, task: String) -> TaskFailure {
        exited(status: -signal, task: task)
    }

    public static func notRegistered(_ task: String) -> TaskFailure {
        TaskFailure(type: "NotRegistered", arguments: [.string(task)])
    }

    /// Killed after `seconds` (the hard limit).
    public static func timeLimitExceeded(_ seconds: Double) -> TaskFailure {
        TaskFailure(type: "TimeLimitExceeded", arguments: [.number(seconds)], module: "billiard.exceptions")
    }

    /// Asked to stop after `seconds` (the soft limit), and did.
    public static func softTimeLimitExceeded(_ seconds: Double) -> TaskFailure {
        TaskFailure(type: "SoftTimeLimitExceeded", arguments: [.number(seconds)], module: "billiard.exceptions")
    }

    /// Killed because it used more memory than its limit; both in bytes.
    ///
    /// The first argument is for display, as in Python.
    public static func memoryLimitExceeded(limit: Int, peak: Int) -> TaskFailure {
        let text = "used \(ByteCountText.text(peak)) of memory; the limit is \(ByteCountText.text(limit))"
        return TaskFailure(type: "MemoryLimitExceeded", arguments: [.string(text), .int(Int64(limit)), .int(Int64(peak))])
    }

    /// Killed by the kernel for lack of memory, however much the task used.
    public static func outOfMemory(task: String) -> TaskFailure {
        TaskFailure(
            type: "MemoryError", arguments: [.string("the kernel killed \(task) with signal 9: out of memory")], module: "builtins")
    }

    /// The exit status for a task killed for its memory: signal 9, as a shell reports it.
    package static let memoryStatus = 137

    /// Whether the task was killed for its memory, at its limit or by the kernel.
    package var isForMemory: Bool { type == "MemoryLimitExceeded" || (type == "MemoryError" && module == "builtins") }

    /// Whether the task was stopped at its soft or hard time limit.
    package var isForTime: Bool { type == "SoftTimeLimitExceeded" || type == "TimeLimitExceeded" }

    /// The process running the task was lost too often.
    public static func workerLost(_ reason: String) -> TaskFailure {
        TaskFailure(type: "WorkerLostError", arguments: [.string(reason)], module: "billiard.exceptions")
    }

    /// Whether `workerLost` created this failure.
    package var isLoss: Bool { type == "WorkerLostError" && module == "billiard.exceptions" }

    /// A follow-up message, or the next try of a task, could not be published.
    public static func unsent(_ reason: String, isNextTry: Bool = false) -> TaskFailure {
        let what = isNextTry ? "its next try" : "it"
        return TaskFailure(
            type: "OperationalError", arguments: [.string("the worker could not send \(what): \(reason)")], module: "kombu.exceptions")
    }

    /// The result of a task could not be stored.
    public static func unstored(_ reason: String) -> TaskFailure {
        TaskFailure(type: "BackendStoreError", arguments: [.string("the worker could not store the result: \(reason)")])
    }

    /// Cancelled: the reason is `expired`, `revoked` or `terminated`.
    public static func revoked(_ reason: String) -> TaskFailure {
        TaskFailure(type: "TaskRevokedError", arguments: [.string(reason)])
    }

    /// The task asked to be tried again in `seconds`.
    public static func retry(in seconds: Double, because reason: String) -> TaskFailure {
        TaskFailure(type: "Retry", arguments: [.string("Retry in \(JSON.number(seconds).displayText)s: \(reason)")])
    }

    /// A body or header that is not a valid task.
    public static func invalidTask(_ reason: String) -> TaskFailure {
        TaskFailure(type: "InvalidTaskError", arguments: [.string(reason)])
    }

    /// Whether `invalidTask` created this failure: the message is at fault, and no task has run.
    public var isOfMessage: Bool { type == "InvalidTaskError" && module == "celery.exceptions" }

    /// The exit status, or the negative signal, of a program that failed.
    public var programStatus: Int? {
        guard type == "CalledProcessError", module == "subprocess" else { return nil }
        return arguments.first?.intValue
    }

    /// The reason for a retry: a limit's number alone would say nothing.
    package var reason: String { isForTime ? "\(type)(\(message))" : message }

    /// One line for display: the text after `Type: `.
    public var message: String {
        if let status = programStatus {
            let command = arguments.dropFirst().first?.stringValue ?? "the program"
            return status < 0 ? "\(command) died of signal \(status.magnitude)" : "\(command) returned exit status \(status)"
        }
        let shown = type == "MemoryLimitExceeded" ? arguments.prefix(1) : arguments[...]
        return shown.map { $0.stringValue ?? $0.displayText }.joined(separator: ", ")
    }
}

extension JSON {
    /// A number written without a fraction when it has none.
    package static func number(_ value: Double) -> JSON {
        Int64(exactly: value).map(JSON.int) ?? .double(value)
    }

    /// A short text for messages: strings unquoted, scalars as JSON.
    package var displayText: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .bigInteger(let digits): digits
        case .double(let value, _): "\(value)"
        case .string(let text): text
        case .array(let elements): "[" + elements.map(\.displayText).joined(separator: ", ") + "]"
        case .object(let object):
            "{" + object.members.map { "\($0.key): \($0.value.displayText)" }.joined(separator: ", ") + "}"
        }
    }
}
