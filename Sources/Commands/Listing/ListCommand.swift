import Arguments
import CeleryCore
import Client

/// `celery list`: lists tasks.
enum ListCommand {
    static let limit = Option.value(
        "limit", short: "n", placeholder: "N", .integer(in: 1...1_000_000), default: .literal(20), help: "At most N tasks, the newest.")
    static let watch = Option.flag("watch", help: "Redraw every second until interrupted.")

    static let command = Command(
        CommandSpec(
            "list", aliases: ["ls"], section: "Results", summary: "List tasks",
            discussion: [
                "Lists tasks that wait, run or have ended, the most recently submitted, begun or ended first: id, state, task, queue, time since submission, duration of the last attempt, worker, and the error of a task that failed or else its arguments, or the command of celery-run(1); of a running task, first the progress that it reports. The states are QUEUED, SCHEDULED (waiting for its ETA), STARTED, RETRY, SUCCESS, FAILURE and REVOKED.",
                "Ended tasks are listed as long as their results are stored (CELERY_TASK_RESULT_EXPIRES), and not at all if their results are ignored. Arguments are kept with a result in celery.db, and in PostgreSQL (postgresql://), up to CELERY_KEEP_ARGUMENTS; values whose names contain a word of CELERY_REDACT are shown as ***.",
                "RabbitMQ cannot search its queues: there, a task that waits or runs is listed if a worker has taken it and answers within a second. Result stores other than celery.db and PostgreSQL (postgresql://) cannot list results: then ended tasks are listed if workers have sent events about them (celeryd -E) within the last hour, or since --since, as far as these can be read within two seconds.",
            ],
            options: TaskSelection.filters + [limit.description, watch.description],
            examples: [
                Example("celery list", "List the newest tasks."),
                Example("celery list --failed --since 1h", "List what failed in the last hour."),
                Example("celery ls --state running,queued --task 'thumbs.*' --watch", "Watch the tasks of an app."),
                Example("celery list --grep a.jpg --json", "List the tasks that mention a file, as JSON."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78"), outputKeys: TaskRow.keys),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let settings = try context.settings()
        let client = try context.client(settings)
        var filter = TaskSelection.filter(context.arguments)
        filter.redaction = settings.redaction
        let drawing = TaskListDrawing(
            context: context, client: client, filter: filter,
            limit: context.arguments[limit], redaction: settings.redaction)
        if context.arguments[watch] { try await drawing.watch() }
        try await drawing.once()
        return ExitCode.done
    }
}
