import Arguments
import CeleryCore
import Client

/// `celery purge`: erases waiting messages.
enum PurgeCommand {
    static let force = Option.flag("force", short: "f", help: "Do not ask for confirmation.")
    static let queues = Option.value(
        "queues", short: "Q", placeholder: "A,B", .commaSeparated(.existingQueueName),
        help: "Only these queues; by default all queues, on RabbitMQ those in the settings.", completion: .queue)

    static let command = Command(
        CommandSpec(
            "purge", section: "Workers", summary: "Erase the messages waiting in queues",
            discussion: [
                "Erases waiting messages, including those with an ETA. Running tasks are not affected. Asks for confirmation on a terminal, and needs --force elsewhere.",
                "On RabbitMQ the command erases messages from the queues in the settings, or from --queues, as it cannot list other queues. Messages due in more than a minute wait in the queues celery_delayed_0 to celery_delayed_27, together with messages for other queues, and are not erased.",
            ],
            options: [queues.description, force.description],
            examples: [Example("celery purge -Q images --force", "Erase one queue without asking.")],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78") + [
                ExitStatus(127, "On RabbitMQ, a queue of --queues does not exist; the others are erased.")
            ],
            outputKeys: [OutputKey("erased", "The number of erased messages.")]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let client = try context.client(try context.settings())
        guard let purging = client.broker as? any QueuePurging else {
            throw DriverError.lacks("purge queues", client.broker.location)
        }
        let named = context.arguments[queues]?.distinct
        let names = named ?? purging.queuesToPurge
        let what = names.map { "queue\($0.count == 1 ? "" : "s") \($0.joined(separator: ", ").inOneLine)" } ?? "all queues"
        if !context.arguments[force] {
            guard context.stdinIsTerminal else {
                throw CommandError(ExitCode.usage, "this would erase all messages waiting in \(what)", hint: "add --force to confirm")
            }
            guard context.confirm("Erase all messages waiting in \(what)?") else { return ExitCode.done }
        }
        let progress = ProgressLine(output: context.output, "purge: erased")
        let counts = try await purging.purge(names) { progress.show($0) }
        progress.clear()
        let count = counts.values.reduce(0, +)
        context.output.record(
            ["erased": .int(Int64(count))], text: "Erased \(count) message\(count == 1 ? "" : "s") from \(what).")
        let missing = (named ?? []).filter { counts[$0] == nil }
        guard missing.isEmpty else {
            let those = missing.map { "'\($0)'" }.joined(separator: ", ")
            throw CommandError(ExitCode.unknown, "there is no queue \(those) at \(client.broker.location)")
        }
        return ExitCode.done
    }
}
