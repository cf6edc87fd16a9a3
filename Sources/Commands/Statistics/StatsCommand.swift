import Arguments
import CeleryCore
import Client

/// `celery stats`: shows how many tasks ran, and how long they took.
enum StatsCommand {
    static let watch = Option.flag("watch", help: "Redraw every two seconds until interrupted.")
    static let since = Option<StatisticsSince?>.value(
        "since", placeholder: "T", StatisticsSince.parser,
        help: "Count from T on: an age such as 90s, 10m, 2h, 1d; or ISO 8601 or HH:MM, in the local time zone unless T names another.")
    static let tasks = Option<[String]>.values(
        "task", placeholder: "NAME", .nonEmptyText, help: "Count this task only.", completion: .task)
    static let prometheus = Option.flag(
        "prometheus", help: "Print the metrics of celery web in Prometheus's text format, for the textfile collector of node_exporter.")
    static let reset = Option.flag("reset", help: "Delete all statistics; asks for confirmation on a terminal.")
    static let force = Option.flag("force", short: "f", help: "Do not ask for confirmation of --reset.")

    static let command = Command(
        CommandSpec(
            "stats", section: "Workers", summary: "Show how many tasks ran, and how long they took",
            discussion: [
                "Workers collect statistics if started with celeryd --statistics, or if CELERY_STATISTICS is true. The statistics cover all workers of a broker, including those that have exited. A worker reports every 2 seconds, on RabbitMQ every 5, and when it stops; the last report of a killed worker is missing. Python's workers collect no statistics.",
                "The first lines are those of the original celerystats. A table follows, separated by tabs, with these columns for each task: its name; the numbers of executions that ended, failed for good, and were retried; total and mean time in seconds; the 50th, 95th and 99th percentile of the time, to within 2 %; and executions per second since the start of the counted period.",
                "Every ended execution counts, whether by success, failure, retry, time or memory limit, termination, or loss of its process. Failures and retries together therefore never exceed the executions; the others succeeded, were terminated, or lost their process and were requeued. A task revoked or expired before it began has not run.",
                "Statistics are stored by the minute for three hours, by the hour for a week, and by the day for a year; --since counts whole intervals. On RabbitMQ they are in the stream celery.statistics, for 30 days or up to 128 MiB; this requires RabbitMQ 3.9.",
            ],
            options: [since.description, tasks.description, watch.description, prometheus.description, reset.description, force.description],
            examples: [
                Example("celery stats", "Show all statistics."),
                Example("celery stats --since 10m --watch", "Watch the present activity of the workers."),
                Example(
                    "celery stats --prometheus > celery.prom.tmp && mv celery.prom.tmp celery.prom", "Write metrics for node_exporter."),
                Example("celery stats --reset --force", "Delete all statistics without confirmation."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78"),
            outputKeys: [
                OutputKey("task", "The name of the task."), OutputKey("ran", "The number of ended executions, however they ended."),
                OutputKey("failed", "The number of executions after which the task failed for good."),
                OutputKey("retried", "The number of executions after which the task was retried."),
                OutputKey("revoked", "The number of revoked or expired tasks; ran includes only those terminated while running."),
                OutputKey("lost", "The number of executions that lost their process; the task was requeued, or failed and also counts as failed."),
                OutputKey("total, mean, p50, p95, p99", "Durations of executions in seconds; null if none has ended."),
                OutputKey("rate", "Executions per second from since until now."),
                OutputKey("since", "The start of the counted period."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        if arguments[prometheus] {
            if arguments[reset] || arguments[watch] || arguments.isGiven(since) || arguments.isGiven(tasks) || arguments[GlobalOptions.json] {
                throw ArgumentError("--prometheus goes with no other option: it prints every metric, in a format of its own")
            }
            return try await printMetrics(context)
        }
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

    /// Prints what `/metrics` of `celery web` says.
    private static func printMetrics(_ context: CommandContext) async throws -> Int32 {
        let client = try context.client(try context.settings())
        let reading = try await MetricsReader(context, client).read()
        let text = MetricsText(format: .prometheus).text(CeleryMetrics(reading: reading).families)
        context.output.raw(bytes: text.utf8)
        await client.close()
        return ExitCode.done
    }

    private static func forget(_ context: CommandContext, _ keeper: any StatisticsKeeping) async throws -> Int32 {
        if !context.arguments[force] {
            guard context.stdinIsTerminal else {
                throw CommandError(ExitCode.usage, "this would delete all statistics of \(keeper.location)", hint: "add --force to confirm")
            }
            guard context.confirm("Delete all statistics of \(keeper.location)?") else { return ExitCode.done }
        }
        try await keeper.resetStatistics()
        return ExitCode.done
    }
}
