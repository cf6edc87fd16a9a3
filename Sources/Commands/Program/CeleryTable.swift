package import Arguments

/// The command table: the source of the parser, the help texts, the manual pages and the completions.
package enum CeleryTable {
    static let commands: [Command] = [
        CelerydCommand.command, BeatCommand.command, ApplyCommand.command, RunCommand.command, StatusCommand.command, ResultCommand.command,
        ListCommand.command, RetryCommand.command, LogsCommand.command, TaskSetCommand.command, ExplainCommand.command, RevokeCommand.command, DmapCommand.command, InspectCommand.command, ControlCommand.command, EventsCommand.command,
        StatsCommand.command, DoctorCommand.command, WebCommand.command, BrokerCommand.command, TasksCommand.command, QueuesCommand.command,
        PurgeCommand.command, DeadCommand.command,
        SyncdbCommand.command,
        RabbitSetupCommand.command, StartprojectCommand.command, SelfCommand.command, CompletionCommand.command, HelpCommand.command, VersionCommand.command,
        CompleteCommand.command,
    ]

    /// The command with a specification.
    static func action(of spec: CommandSpec) -> Command? {
        let path = spec.parents + [spec.name]
        return commands.first { $0.spec.name == path[0] }?.within(path.dropFirst())
    }

    package static let table = CommandTable(
        program: "celery", version: Version.text, date: Version.date,
        summary: "Distributed task queue",
        discussion: [
            "Submits, runs and inspects tasks. A task is an executable file in the tasks folder of an app, or a type in a Swift program. By default, messages and results are stored in a SQLite file beside celery.toml, with nothing to install. The settings can name another broker instead, such as a RabbitMQ or Redis server, which may be shared with Python Celery.",
        ],
        globalOptions: GlobalOptions.all, commands: commands.map(\.spec), exitStatuses: exitStatuses,
        examples: [
            Example("celery startproject demo && cd demo", "Create a project with a few tasks."),
            Example("celery celeryd --detach", "Start a worker in the background."),
            Example("celery apply demo.tasks.add 2 3 --wait", "Submit a task, wait, and print 5."),
        ],
        seeAlso: ["celery.toml(5)", "celery(7)"])

    private static let exitStatuses = [
        ExitStatus(0, "Done; the task succeeded."),
        ExitStatus(1, "The task failed. A failed program exits with its own status instead, 1 to 123."),
        ExitStatus(64, "Usage: a bad option, operand, JSON or date."),
        ExitStatus(65, "Invalid input data: a line of a batch, a damaged or foreign file."),
        ExitStatus(69, "The broker or the result store cannot be reached."),
        ExitStatus(70, "A bug in this program."),
        ExitStatus(73, "Cannot create a file: pidfile, log file, database."),
        ExitStatus(75, "Try again: the broker has not confirmed the messages and may still accept them. For status and result without --wait: the task is not ready yet."),
        ExitStatus(77, "No permission."),
        ExitStatus(78, "Configuration."),
        ExitStatus(124, "Timed out waiting."),
        ExitStatus(125, "The task was revoked or expired."),
        ExitStatus(126, "The worker running the task was lost and the task will not be retried."),
        ExitStatus(127, "No such task id, or no such task name."),
        ExitStatus("128+n", "The program of the task, or this program, died of signal n."),
    ]

    /// Meanings for commands whose status does not depend on the outcome of a task.
    private static let meaningsWithoutTasks = [
        "0": "Done.",
        "75": "Try again: the broker has not confirmed the messages and may still accept them.",
        "128+n": "This program died of signal n.",
    ]

    /// The exit statuses of a command, from the table. Include 1 if the status depends on the outcome of a task.
    static func statuses(_ wanted: String...) -> [ExitStatus] {
        let isOfTasks = wanted.contains("1")
        return exitStatuses.filter { wanted.contains($0.status) }.map { status in
            guard !isOfTasks, let meaning = meaningsWithoutTasks[status.status] else { return status }
            return ExitStatus(status.status, meaning)
        }
    }
}
