import Arguments
import CeleryCore
import Processes
import Tasks

/// `celery self`: what a program says about the task it runs as.
enum SelfCommand {
    private static let subcommands = [SelfProgressCommand.command, SelfRetryCommand.command, SelfFailCommand.command, SelfMetaCommand.command]

    static let command = Command(
        CommandSpec(
            "self", section: "Tasks", summary: "Report progress, a retry or a failure of the running task",
            discussion: [
                "A program that runs as a task, and every program that it starts, can tell the worker how far the task has come, that it should be retried or has failed, and add notes. Outside a task, the exit status is 64.",
                "A failure or a retry takes effect when the task ends by itself, whatever its exit status; if there are several, the last one counts. A task that is killed, by a signal or at a limit, ends as it would without them.",
            ],
            examples: [
                Example("celery self progress 30/100 'copying'", "Report how far the task has come."),
                Example("celery self retry --in 5m 'the shop is closed'; exit", "Try again in five minutes."),
                Example("celery self fail SoldOut 'no more'; exit", "Fail with a type of error."),
                Example("celery self meta rows=1000", "Add a note, which is stored with the result."),
            ],
            exitStatuses: statuses,
            notes: [
                "A program can do the same without this command. The environment variable \(TaskTelling.variable) contains the number of a descriptor, the writing end of a pipe, which takes lines of at most \(TaskTelling.lineLimit >> 10) KiB. Each line is a JSON object with one or more of the members progress, meta, retry and fail:",
                #"{"progress": {"current": 30, "total": 100, "text": "copying"}} replaces the progress reported before. The object becomes the result of the task while it is in state PROGRESS; further members are allowed."#,
                #"{"meta": {"rows": 1000}} adds notes, which are shown with the progress and stored with the result."#,
                #"{"retry": {"in": 300, "reason": "the shop is closed"}} requests a retry after that many seconds (in), or by default after the delay in the task's options."#,
                #"{"fail": {"type": "SoldOut", "message": "no more"}} declares a failure. The type is a name of letters, digits, _ and dots, at most 200 bytes; the part before the last dot is its module. The option autoretry of the task can name it."#,
                "The pipe belongs to one attempt, and is closed at its end. Writing to it never blocks: if the worker does not read, a write fails with EAGAIN. Lines of up to 4096 bytes, with the line feed, can be written by several processes at the same time. Unreadable lines are ignored; the first of them are reported in the worker's log. The worker stores progress and notes at most four times a second, and always the latest.",
                "A task whose result is ignored has no state, and so no progress.",
            ],
            subcommands: subcommands.map(\.spec), requiresSubcommand: true),
        subcommands: subcommands, launch: { _ in .exit(ExitCode.usage) })

    static let statuses =
        [
            ExitStatus(0, "The worker will read it."),
            ExitStatus(64, "Usage; or this command is not running inside a task."),
            ExitStatus(75, "The worker does not read what the task says."),
        ]

    /// Says it.
    ///
    /// - Throws: `CommandError` outside a task, or when nobody reads.
    static func say(_ telling: TaskTelling, _ context: CommandContext) throws -> Command.Launch {
        let line = telling.line
        guard line.count <= TaskTelling.lineLimit else {
            throw CommandError(ExitCode.usage, "this is \(line.count) bytes; a task can say \(TaskTelling.lineLimit) bytes at a time")
        }
        guard let number = context.environment[TaskTelling.variable].flatMap({ Int32($0) }), let channel = ChannelWriter(number) else {
            throw CommandError(ExitCode.usage, "this command is not running inside a task", hint: "call it from a program that a worker runs")
        }
        try channel.write(line + [UInt8(ascii: "\n")])
        return .exit(ExitCode.done)
    }
}
