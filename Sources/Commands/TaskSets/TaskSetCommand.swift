import Arguments
import CeleryCore
import Client

/// `celery taskset`: shows task-sets, waits for them, prints their results, and revokes what is left of them.
enum TaskSetCommand {
    static let wait = Option.flag("wait", short: "w", help: "Wait until all tasks of the set are finished.")
    static let results = Option.flag("results", help: "Print the results in order, one a line; errors appear on stderr.")
    static let revoke = Option.flag("revoke", help: "Revoke the tasks that have not begun.")
    static let terminate = Option.flag("terminate", help: "With --revoke, also terminate those that run.")
    static let limit = Option.value(
        "limit", short: "n", placeholder: "N", .integer(in: 1...1_000_000), default: .literal(20), help: "Without ID, list at most N sets, the newest.")

    static let command = Command(
        CommandSpec(
            "taskset", section: "Results", summary: "Show task-sets and their progress",
            discussion: [
                "A task-set is created by 'celery apply --batch FILE --set', by 'celery dmap', or by a program. Without ID, lists the sets that are kept: id, number of tasks, how many are finished, how many of these failed, and when the set was created. With the ID of a set, prints the number of its tasks, and how many are in each state; tasks without a result count as PENDING.",
                "celery.db and PostgreSQL (postgresql://) count results when they are recorded, so that the counts of a million tasks are one short read, and keep a set as long as results (CELERY_TASK_RESULT_EXPIRES). In the tables of Python's Celery (db+sqlite) a set is what GroupResult.save stores and GroupResult.restore reads (see CELERY_DATABASE_RESULT_FORMAT), of at most 100,000 tasks, and the results are read one by one. Other result stores keep no sets.",
            ],
            options: [
                wait.description, WaitOptions.timeout.description, results.description, revoke.description, terminate.description,
                DmapOptions.bar.description, limit.description,
            ],
            operands: [Operand("ID", .optional, help: "The id of a set, as printed by apply --set and dmap --detach.")],
            examples: [
                Example("celery taskset", "List the sets."),
                Example("celery taskset --wait 0d9e5c1e-...-000000000000", "Wait for a set, with a bar on a terminal."),
                Example("celery taskset --results 0d9e5c1e-...-000000000000 > results", "Write the results to a file, in order."),
                Example("celery taskset --revoke 0d9e5c1e-...-000000000000", "Stop what is left of a set."),
            ],
            exitStatuses: [
                ExitStatus(0, "All tasks of the set succeeded; or sets were listed."),
                ExitStatus("1-100", "The number of tasks that failed or were revoked."), ExitStatus(101, "More than 100 tasks failed or were revoked."),
                ExitStatus(75, "Not all tasks are finished, or the broker or store is busy."), ExitStatus(124, "Timed out waiting."),
                ExitStatus(127, "No such set is kept."),
            ] + CeleryTable.statuses("64", "65", "69", "77", "78"),
            outputKeys: [
                OutputKey("id, total, created", "The set; total is null while more tasks are being submitted."),
                OutputKey("done, failed", "How many tasks are finished, and how many of these did not succeed."),
                OutputKey("counts", "With an id, an object with the number of tasks in each state."),
                OutputKey("task", "With --results, the id of a task; further keys as in celery-result(1)."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        if arguments[terminate], !arguments[revoke] { throw ArgumentError("--terminate goes with --revoke") }
        let client = try context.client(try context.settings())
        guard let id = arguments.operands.first else {
            if arguments[wait] || arguments[results] || arguments[revoke] || arguments.isGiven(WaitOptions.timeout) {
                throw ArgumentError("name the set")
            }
            return try await list(context, client)
        }
        guard let record = try await client.taskSets.taskSet(id) else {
            throw CommandError(ExitCode.unknown, "no task-set \(id.inOneLine) is kept in \(try client.store.location)")
        }
        var set = TaskSetView(record: record, client: client, context: context)
        if arguments[revoke] { try await set.revoke(isTerminating: arguments[terminate]) }
        var isLate = false
        if arguments[wait] || arguments.isGiven(WaitOptions.timeout) {
            isLate = try await !set.wait(timeout: arguments[WaitOptions.timeout], bar: arguments[DmapOptions.bar])
        }
        let counts = try await client.counts(of: record)
        if arguments[results] {
            try await set.printResults()
        } else {
            set.print(counts)
        }
        return isLate ? ExitCode.timedOut : exitStatus(TaskSetCounts(counts, total: set.total))
    }

    private static func exitStatus(_ counts: TaskSetCounts) -> Int32 {
        counts.isFinished ? Int32(min(counts.failed, 101)) : ExitCode.tryAgain
    }

    private static func list(_ context: CommandContext, _ client: Client) async throws -> Int32 {
        let sets = try await client.taskSets.taskSets(limit: context.arguments[limit])
        var rows: [(set: TaskSetRecord, counts: TaskSetCounts)] = []
        for set in sets { rows.append((set, TaskSetCounts(try await client.counts(of: set), total: set.total))) }
        context.output.table(
            rows, ["id", "total", "done", "failed", "created"],
            fields: { row in
                [
                    row.set.id, row.set.total.map(String.init) ?? "-", String(row.counts.done), String(row.counts.failed),
                    LocalTime.text(row.set.created),
                ]
            },
            object: { TaskSetView.object($0.set, $0.counts) })
        if sets.isEmpty { context.output.note("celery taskset: no task-sets are kept in \(try client.store.location)") }
        return ExitCode.done
    }
}
