import Arguments
import CeleryCore
import Client

/// `celery dead`: manages dead letters.
enum DeadCommand {
    private static let subcommands = [
        DeadListCommand.command, DeadShowCommand.command, DeadReplayCommand.command, DeadDropCommand.command,
    ]

    static let command = Command(
        CommandSpec(
            "dead", section: "Workers", summary: "Manage dead letters",
            discussion: [
                "Dead letters are messages that were given up: their task lost its process CELERYD_CRASH_LIMIT times, is unknown to the worker, or cannot be read from the message. They are kept with the reason and their full content. A task that fails, expires or is revoked does not become a dead letter.",
                "The reasons are: signal N, out of memory, lost, unregistered, unreadable; on RabbitMQ also those of the broker itself, such as expired, rejected, maxlen or delivery_limit, for messages that a policy sent to the exchange celery.dead.",
                "Dead letters are stored in the SQLite database, or in the durable queue celery.dead on RabbitMQ. They do not expire.",
            ],
            examples: [
                Example("celery dead list", "List all dead letters."),
                Example("celery dead list --reason signal --since 24h", "List the tasks that crashed in the last 24 hours."),
                Example("celery dead show 0193...", "Show one, with its arguments and its error."),
                Example("celery dead replay --task 'shop.tasks.*' --rate 10/s", "Resend the dead letters of an app, ten per second."),
                Example("celery dead drop --until 2026-01-01 --force", "Delete old dead letters."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78")
                + [ExitStatus(127, "There is no dead letter with one of the ids.")],
            subcommands: subcommands.map(\.spec), requiresSubcommand: true),
        subcommands: subcommands, launch: { _ in .exit(ExitCode.usage) })
}
