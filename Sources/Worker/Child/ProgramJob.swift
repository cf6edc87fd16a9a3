import CeleryCore
import Glibc
import Processes
import Tasks
import Wire

/// A job whose task is a program: prepares the program's input and interprets how it ended.
struct ProgramJob {
    let job: JobRequest
    let message: Message
    let arguments: TaskArguments
    let program: String
    let environment: Environment
    var stop: ProgramStop?
    let log: @Sendable (LogLine) -> Void
    var controlGroups: ControlGroupRoom?

    /// The project folder: the working directory of pool children.
    private static let folder: String = {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }()

    /// EX_TEMPFAIL of sysexits.h: the task asks for a retry.
    static let retryStatus: Int32 = 75

    func run() -> JobRunner.Ended {
        let taskGuard = TaskGuard.current
        // The file may have changed since discovery.
        if taskGuard.refuses, let danger = taskGuard.danger(ofProgram: program, in: Self.folder) {
            let text = "\(danger): it is not run as root"
            return JobRunner.Ended(.failure(TaskFailure(type: "PermissionError", arguments: [.string(text)], module: "builtins"), traceback: nil))
        }
        var run = ProgramRun(
            path: program, args: Self.words(arguments), environment: taskEnvironment, folder: ".",
            input: request.bytes(style: .compact), softTimeLimit: job.softTimeLimit, hardTimeLimit: job.hardTimeLimit,
            maxOutputBytes: job.maxOutputBytes
        ) { line in
            log(LogLine(taskID: job.taskID, taskName: job.taskName, level: "info", text: line))
        }
        run.memoryLimit = job.memoryLimit
        run.niceness = job.said[CommonOptions.table.nice] ?? nil
        run.controlGroups = controlGroups
        run.stop = stop
        do throws(SystemError) {
            return end(try run.run())
        } catch {
            return JobRunner.Ended(
                .failure(TaskFailure(type: "OSError", arguments: [.int(Int64(error.code)), .string(error.description)], module: "builtins"), traceback: nil))
        }
    }

    private func end(_ ending: ProgramRun.Ending) -> JobRunner.Ended {
        if ending.leftovers > 0 {
            let text = "killed \(ending.leftovers) process\(ending.leftovers == 1 ? "" : "es") the task left behind"
            log(LogLine(taskID: job.taskID, taskName: job.taskName, level: "warning", text: text))
        }
        let errors = ending.errorOutput.isEmpty ? nil : ending.errorOutput
        func failure(_ failure: TaskFailure) -> JobRunner.Ended {
            JobRunner.Ended(.failure(failure, traceback: errors), errorOutput: errors)
        }
        if let peak = ending.passedMemoryLimit {
            return failure(.memoryLimitExceeded(limit: job.memoryLimit ?? 0, peak: peak))
        }
        if ending.passedHardLimit { return failure(.timeLimitExceeded(job.hardTimeLimit ?? 0)) }
        switch ending.status {
        case .exited(0):
            if ending.outputIsCut {
                let text = "wrote more than \(job.maxOutputBytes) bytes to stdout; raise max_output, or write to a file"
                return failure(TaskFailure(type: "OutputTooLarge", arguments: [.string(text)]))
            }
            return JobRunner.Ended(.success(Self.value(of: ending.output)), errorOutput: errors)
        case _ where ending.passedSoftLimit:
            return failure(.softTimeLimitExceeded(job.softTimeLimit ?? 0))
        case .exited(Self.retryStatus):
            let reason = TaskFailure.exited(status: Int(Self.retryStatus), task: job.taskName)
            return JobRunner.Ended(.retry(delay: 0, reason, traceback: errors), errorOutput: errors)
        case .exited(let status):
            return failure(.exited(status: Int(status), task: job.taskName))
        case .signaled where ending.isOutOfMemory: return failure(.outOfMemory(task: job.taskName))
        case .signaled(let signal, _):
            return failure(.signaled(Int(signal), task: job.taskName))
        }
    }

    /// The program's arguments: positional ones, then `--name value` for each keyword argument.
    static func words(_ arguments: TaskArguments) -> [[UInt8]] {
        arguments.args.map(word) + arguments.kwargs.members.flatMap { [Array("--\($0.key)".utf8), word($0.value)] }
    }

    /// Strings and bytes unchanged, other values as JSON, with numbers as they were spelled.
    private static func word(_ value: JSON) -> [UInt8] {
        // An argument ends at a NUL byte; such bytes are passed as the JSON by which Celery writes them.
        if let bytes = value.binaryValue, !bytes.contains(0) { return bytes }
        let plain = PythonTypes.simplify(value)
        return plain.stringValue.map { Array($0.utf8) } ?? plain.bytes(style: .compact)
    }

    /// Standard output as the return value: parsed if it is JSON, a string without the final newline if it is other text, else bytes,
    /// all of them.
    static func value(of output: [UInt8]) -> JSON {
        if let value = try? JSON(parsing: output) { return value }
        let hasNewline = output.last == UInt8(ascii: "\n")
        guard let text = String(validating: output[..<(output.endIndex - (hasNewline ? 1 : 0))], as: UTF8.self) else {
            return JSON(text: output)
        }
        return .string(text)
    }

    /// The JSON object that the program reads on standard input.
    private var request: JSON {
        .object([
            "id": .string(message.id.text), "task": .string(message.task),
            "args": .array(arguments.args), "kwargs": .object(arguments.kwargs),
            "retries": .int(Int64(message.retries)), "attempt": .int(Int64(job.attempt)),
            "queue": .string(message.route.queue),
            "eta": message.eta.map { .string(ISO8601.text($0)) } ?? .null,
            "expires": message.expires.map { .string(ISO8601.text($0)) } ?? .null,
            "root_id": .string((message.rootID ?? message.id).text),
            "parent_id": message.parentID.map { .string($0.text) } ?? .null,
            "group_id": message.groupID.map(JSON.string) ?? .null,
            "headers": .object(message.headers),
        ])
    }

    /// The environment of the program: the original's default keyword arguments, and more, as variables.
    private var taskEnvironment: Environment {
        var environment = environment
        environment["CELERY_TASK_ID"] = message.id.text
        environment["CELERY_TASK_NAME"] = message.task
        environment["CELERY_TASK_RETRIES"] = String(message.retries)
        environment["CELERY_ATTEMPT"] = String(job.attempt)
        environment["CELERY_ROOT_ID"] = (message.rootID ?? message.id).text
        environment["CELERY_PARENT_ID"] = message.parentID?.text ?? ""
        environment["CELERY_BEAT_ENTRY"] = message.headers[BeatHeader.entry]?.stringValue
        environment["CELERY_BEAT_DUE"] = message.headers[BeatHeader.due]?.stringValue
        return environment
    }
}
