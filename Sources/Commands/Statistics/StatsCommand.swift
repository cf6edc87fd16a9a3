import Arguments
import CeleryCore
import Client

/// `celery stats`: how many tasks ran, and how long they took.
enum StatsCommand {
    static let watch = Option.flag("watch", help: "Redraw every two seconds until interrupted.")
    static let since = Option<StatisticsSince?>.value(
        "since", placeholder: "T", StatisticsSince.parser,
        help: "Count from T on: so long ago, as 90s, 10m, 2h, 1d; or ISO 8601 or HH:MM, in the local zone unless one is written.")
    static let tasks = Option<[String]>.values(
        "task", placeholder: "NAME", .nonEmptyText, help: "Count this task only.", completion: .task)
    static let reset = Option.flag("reset", help: "Forget what was counted until now; asks on a terminal.")
    static let force = Option.flag("force", short: "f", help: "Do not ask before --reset.")

    static let command = Command(
        CommandSpec(
            "stats", section: "Workers", summary: "Tell how many tasks ran, and how long they took",
            discussion: [
                "Workers count when they are started with celeryd --statistics, or CELERY_STATISTICS is true. All workers of a broker count together, those that are gone as well. A worker hands over what it has counted every 2 seconds, on RabbitMQ every 5, and when it stops: so much is missing of one that was killed. Workers of Python do not count.",
                "The first lines are those of the original celerystats. Then follow, with tabs between, for each task: its name; how many executions ended, after how many of them the task had failed for good, after how many it was to be tried again; seconds in total and on average; the seconds that 50, 95 and 99 of 100 executions did not exceed, to within 2 %; and executions per second since the beginning of what is counted.",
                "An execution has ended, and counts, whatever its end: success or failure, a wish to be tried again, a limit of time or memory, a revocation that stopped it, or the loss of its process. So no more have failed and been tried again than ran; the rest succeeded, was stopped, or lost its process and went back to its queue. A task that was revoked or had expired before it began has not run.",
                "Minutes are told apart for three hours, hours for a week, and days for a year: --since counts whole ones. On RabbitMQ it is all in the stream celery.statistics, for 30 days or 128 MiB; that needs RabbitMQ 3.9.",
            ],
            options: [since.description, tasks.description, watch.description, reset.description, force.description],
            examples: [
                Example("celery stats", "Tell all that was counted."),
                Example("celery stats --since 10m --watch", "Watch what the workers do now."),
                Example("celery stats --reset --force", "Begin anew without asking."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78"),
            outputKeys: [
                OutputKey("task", "Its name."), OutputKey("ran", "Executions that ended, whatever their end."),
                OutputKey("failed", "Those of them with which the task failed for good."),
                OutputKey("retried", "Those of them after which the task was to be tried again."),
                OutputKey("revoked", "Tasks that were revoked or had expired; of these, only what was stopped while it ran is among ran."),
                OutputKey("lost", "Those of ran that lost their process; the task went back to its queue, or failed and is among failed too."),
                OutputKey("total, mean, p50, p95, p99", "Seconds that executions took; null when none has ended."),
                OutputKey("rate", "Executions per second from since until now."),
                OutputKey("since", "The beginning of what is counted."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        if arguments[reset], arguments[watch] || arguments.isGiven(since) || arguments.isGiven(tasks) {
            throw ArgumentError("--reset goes with no other option than --force")
        }
        if arguments[force] && !arguments[reset] { throw ArgumentError("--force goes with --reset") }
        let client = try context.client(try context.settings())
        guard let keeper = client.broker as? any StatisticsKeeping else {
            throw DriverError.lacks("keep statistics", client.broker.location)
        }
        if arguments[reset] { return try await forget(context, keeper) }
        let drawing = StatisticsDrawing(context: context, keeper: keeper)
        return try await arguments[watch] ? drawing.watch() : drawing.once()
    }

    private static func forget(_ context: CommandContext, _ keeper: any StatisticsKeeping) async throws -> Int32 {
        if !context.arguments[force] {
            guard context.stdinIsTerminal else {
                throw CommandError(ExitCode.usage, "this forgets all statistics of \(keeper.location)", hint: "add --force to confirm")
            }
            guard context.confirm("Forget all statistics of \(keeper.location)?") else { return ExitCode.done }
        }
        try await keeper.resetStatistics()
        return ExitCode.done
    }
}
