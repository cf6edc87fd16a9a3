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
            return JobRunner.Ended(
                .failure(TaskFailure(type: "OSError", arguments: [.int(Int64(error.code)), .string(error.description)], module: "builtins"), traceback: nil))
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
    static func words(_ arguments: TaskArguments) -> [String] {
        arguments.args.map(word) + arguments.kwargs.members.flatMap { ["--\($0.key)", word($0.value)] }
    }

    /// Strings unchanged, other values as JSON.
    private static func word(_ value: JSON) -> String {
        let plain = PythonTypes.simplify(value)
        return plain.stringValue ?? plain.text(style: .compact)
    }

    /// Standard output as the return value: parsed if it is JSON, else a string without the final newline.
    static func value(of output: [UInt8]) -> JSON {
        if let value = try? JSON(parsing: output) { return value }
        var text = output[...]
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        return .string(String(decoding: text, as: UTF8.self))
    }

    /// The JSON object that the program reads on standard input.
    private var request: JSON { .object(ProgramRequest(job: job, message: message, arguments: arguments).members) }

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
