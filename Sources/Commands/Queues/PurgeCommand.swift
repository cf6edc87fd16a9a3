import Arguments
import CeleryCore
import Client

/// `celery purge`: erase what waits.
enum PurgeCommand {
    static let force = Option.flag("force", short: "f", help: "Do not ask.")
    static let queues = Option.value(
        "queues", short: "Q", placeholder: "A,B", .commaSeparated(.nonEmptyText),
        help: "Erase from these queues only; by default from all.", completion: .queue)

    static let command = Command(
        CommandSpec(
            "purge", section: "Workers", summary: "Erase what waits in the queues",
            discussion: ["Erases messages that wait, also those for later. What runs is left alone. Asks on a terminal; elsewhere --force is needed."],
            options: [queues.description, force.description],
            examples: [Example("celery purge -Q images --force", "Erase one queue without asking.")],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78"),
            outputKeys: [OutputKey("erased", "How many messages were erased.")]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let client = try context.client(try context.settings())
        guard let purging = client.broker as? any QueuePurging else {
            throw DriverError.lacks("purge queues", client.broker.location)
        }
        let names = context.arguments[queues]
        let what = names.map { $0.joined(separator: ", ") } ?? "all queues"
        if !context.arguments[force] {
            guard context.stdinIsTerminal else {
                throw CommandError(ExitCode.usage, "this erases all messages that wait in \(what)", hint: "add --force to mean it")
            }
            guard context.confirm("Erase all messages that wait in \(what)?") else { return ExitCode.done }
        }
        let count = try await purging.purge(names)
        context.output.record(
            ["erased": .int(Int64(count))], text: "Erased \(count) message\(count == 1 ? "" : "s") from \(what).")
        return ExitCode.done
    }
}
