import Arguments
import CeleryCore
import Client

/// `celery purge`: erase what waits.
enum PurgeCommand {
    static let force = Option.flag("force", short: "f", help: "Do not ask.")
    static let queues = Option.value(
        "queues", short: "Q", placeholder: "A,B", .commaSeparated(.existingQueueName),
        help: "Erase from these queues only; by default from all, on RabbitMQ from those of the settings.", completion: .queue)

    static let command = Command(
        CommandSpec(
            "purge", section: "Workers", summary: "Erase what waits in the queues",
            discussion: [
                "Erases messages that wait, also those for later. What runs is left alone. Asks on a terminal; elsewhere --force is needed.",
                "On RabbitMQ it erases what stands in the queues of the settings, or of --queues: those are all it knows of. What waits for a time more than a minute away stands in the queues celery_delayed_0 to celery_delayed_27 together with what is for other queues, and is not erased.",
            ],
            options: [queues.description, force.description],
            examples: [Example("celery purge -Q images --force", "Erase one queue without asking.")],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78") + [
                ExitStatus(127, "A queue of --queues is not there, on RabbitMQ; the others are erased.")
            ],
            outputKeys: [OutputKey("erased", "How many messages were erased.")]),
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
                throw CommandError(ExitCode.usage, "this erases all messages that wait in \(what)", hint: "add --force to confirm")
            }
            guard context.confirm("Erase all messages that wait in \(what)?") else { return ExitCode.done }
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
