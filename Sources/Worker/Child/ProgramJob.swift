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
    /// The command, for the task that runs commands.
    var command: CommandCall?
    let environment: Environment
    var stop: ProgramStop?
    let log: @Sendable (LogLine) -> Void
    /// Passes on progress and notes.
    let tell: @Sendable (JSONObject) -> Void
    /// Passes on what the program has written so far.
    let show: @Sendable (TaskOutput) -> Void
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
        // The file may have changed since discovery. A command is whatever its signer chose.
        if command == nil, taskGuard.refuses, let danger = taskGuard.danger(ofProgram: program, in: Self.folder) {
            let text = "\(danger): it is not run as root"
            return JobRunner.Ended(.failure(TaskFailure(type: "PermissionError", arguments: [.string(text)], module: "builtins"), traceback: nil))
        }
        var run = ProgramRun(
            path: program, args: command == nil ? Self.words(arguments) : Array(Self.words(ofCommand: arguments).dropFirst()),
            environment: taskEnvironment, folder: command?.folder ?? ".",
            input: command == nil ? request.bytes(style: .compact) : [], softTimeLimit: job.softTimeLimit, hardTimeLimit: job.hardTimeLimit,
            maxOutputBytes: job.maxOutputBytes
        ) { line in
            log(LogLine(taskID: job.taskID, taskName: job.taskName, level: "info", text: line))
        }
        run.name = command?.name
        run.umask = command?.umask
        run.onNews = tell
        run.onOutput = show
        run.keptOutputBytes = job.keptOutputBytes
        run.logBytes = job.logBytes
        run.memoryLimit = job.memoryLimit
        run.niceness = job.said[CommonOptions.table.nice] ?? nil
        run.controlGroups = controlGroups
        run.stop = stop
        do throws(SystemError) {
            return end(try run.run())
        } catch {
            var ended = JobRunner.Ended(
                .failure(TaskFailure(type: "OSError", arguments: [.int(Int64(error.code)), .string(error.description)], module: "builtins"), traceback: nil))
            // What was started and could not be watched has been killed.
            ended.isUnbegun = stop?.hasBegun != true
            return ended
        }
    }

    private func end(_ ending: ProgramRun.Ending) -> JobRunner.Ended {
        for complaint in ending.complaints {
            let text = "what it wrote to descriptor \(ProgramRun.channelNumber) is ignored: \(complaint)"
            log(LogLine(taskID: job.taskID, taskName: job.taskName, level: "warning", text: text))
        }
        var ended = outcome(of: ending)
        ended.meta = ending.story.meta
        ended.output = ending.kept
        if case .success = ended.ending {} else if !ending.outputTail.isEmpty { ended.standardOutput = ending.outputTail }
        return ended
    }

    private func outcome(of ending: ProgramRun.Ending) -> JobRunner.Ended {
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
        if case .exited = ending.status, let verdict = ending.story.verdict {
            switch verdict {
            case .fail(let type, let message): return failure(.declared(type: type, message: message))
            case .retry(let delay, let reason):
                let exhausted = TaskFailure.retriesExhausted(task: job.taskName, id: message.id, reason: reason)
                var ended = JobRunner.Ended(.retry(delay: 0, exhausted, traceback: errors), errorOutput: errors)
                ended.askedDelay = delay
                return ended
            }
        }
        switch ending.status {
        case .exited(0):
            if ending.outputIsCut {
                let text = "wrote more than \(job.maxOutputBytes) bytes to stdout; raise max_output, or write to a file"
                return failure(TaskFailure(type: "OutputTooLarge", arguments: [.string(text)]))
            }
            let value = command == nil ? Self.value(of: ending.output) : Self.text(of: ending.output)
            return JobRunner.Ended(.success(value), errorOutput: errors)
        case _ where ending.passedSoftLimit:
            return failure(.softTimeLimitExceeded(job.softTimeLimit ?? 0))
        case .exited(Self.retryStatus):
            let reason = TaskFailure.exited(status: Int(Self.retryStatus), task: command?.name ?? job.taskName)
            return JobRunner.Ended(.retry(delay: 0, reason, traceback: errors), errorOutput: errors)
        case .exited(let status):
            return failure(.exited(status: Int(status), task: command?.name ?? job.taskName))
        case .signaled where ending.isOutOfMemory: return failure(.outOfMemory(task: command?.name ?? job.taskName))
        case .signaled(let signal, _):
            return failure(.signaled(Int(signal), task: command?.name ?? job.taskName))
        }
    }

    /// The program's arguments: positional ones, then `--name value` for each keyword argument.
    static func words(_ arguments: TaskArguments) -> [[UInt8]] {
        arguments.args.map(word) + arguments.kwargs.members.flatMap { [Array("--\($0.key)".utf8), word($0.value)] }
    }

    /// The argv of a command: its positional arguments alone, since the others are its surroundings.
    static func words(ofCommand arguments: TaskArguments) -> [[UInt8]] { words(TaskArguments(args: arguments.args)) }

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
        return text(of: output)
    }

    /// Standard output as a string without the final newline, or as bytes if it is not text. What a command prints is never read as
    /// JSON: it would be printed in another form.
    static func text(of output: [UInt8]) -> JSON {
        let hasNewline = output.last == UInt8(ascii: "\n")
        guard let text = String(validating: output[..<(output.endIndex - (hasNewline ? 1 : 0))], as: UTF8.self) else {
            return JSON(text: output)
        }
        return .string(text)
    }

    /// The JSON object that the program reads on standard input.
    private var request: JSON { .object(ProgramRequest(job: job, message: message, arguments: arguments).members) }

    /// The environment of the program: the original's default keyword arguments, and more, as variables.
    private var taskEnvironment: Environment {
        var environment = command?.environment ?? environment
        environment["CELERY_TASK_ID"] = message.id.text
        environment["CELERY_TASK_NAME"] = message.task
        environment["CELERY_TASK_RETRIES"] = String(message.retries)
        environment["CELERY_ATTEMPT"] = String(job.attempt)
        environment["CELERY_ROOT_ID"] = (message.rootID ?? message.id).text
        environment["CELERY_PARENT_ID"] = message.parentID?.text ?? ""
        environment["CELERY_BEAT_ENTRY"] = message.headers[BeatHeader.entry]?.stringValue
        environment["CELERY_BEAT_DUE"] = message.headers[BeatHeader.due]?.stringValue
        let trace = TraceContext(message)
        // A command may have been given variables of its own; the worker's are not the task's.
        if trace != nil || command == nil { for (name, value) in TraceContext.variables(trace) { environment[name] = value } }
        return environment
    }
}
