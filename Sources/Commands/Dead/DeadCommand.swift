import Arguments
import CeleryCore
import Client

/// `celery dead`: messages that were given up.
enum DeadCommand {
    private static let subcommands = [
        DeadListCommand.command, DeadShowCommand.command, DeadReplayCommand.command, DeadDropCommand.command,
    ]

    static let command = Command(
        CommandSpec(
            "dead", section: "Workers", summary: "Look after messages that were given up",
            discussion: [
                "A message that no worker will run any more is not thrown away: it is a dead letter, with the reason and all it came with. That is one whose task lost the process it ran in as often as CELERYD_CRASH_LIMIT says; one that names a task the worker does not know; and one that no task can be made of. A task that fails, expires or is revoked is none.",
                "The reasons are: signal N, out of memory, lost, unregistered, unreadable; on RabbitMQ also those of the broker itself, such as expired, rejected, maxlen or delivery_limit, for messages that a policy sent to the exchange celery.dead.",
                "On SQLite dead letters are kept in the database, on RabbitMQ in the durable queue celery.dead. They do not expire.",
            ],
            examples: [
                Example("celery dead list", "List all of them."),
                Example("celery dead list --reason signal --since 24h", "Those that crashed since this time yesterday."),
                Example("celery dead show 0193...", "Show one, with its arguments and its error."),
                Example("celery dead replay --task 'shop.tasks.*' --rate 10/s", "Send those of an app again, ten a second."),
                Example("celery dead drop --until 2026-01-01 --force", "Throw away the old ones."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78")
                + [ExitStatus(127, "No dead letter of one of the ids.")],
            subcommands: subcommands.map(\.spec), requiresSubcommand: true),
        subcommands: subcommands, launch: { _ in .exit(ExitCode.usage) })
}
