import Arguments
import CeleryCore
import Client

/// `celery dead list`: lists dead letters.
enum DeadListCommand {
    static let command = Command(
        CommandSpec(
            "list", summary: "List dead letters",
            discussion: [
                "For each dead letter, oldest first, prints id, task, queue, reason, the time it was given up, and the number of attempts, separated by tabs.",
            ],
            options: DeadOptions.filters, operands: DeadOptions.ids,
            examples: [Example("celery dead list --task demo.tasks.add --json", "List the dead letters of a task as JSON.")],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78") + [
                ExitStatus(127, "There is no dead letter with one of the ids; the others are listed.")
            ],
            outputKeys: LetterText.keys),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let filter = try DeadOptions.filter(context.arguments)
        let client = try context.client(try context.settings())
        let letters = try await DeadOptions.keeping(client).deadLetters(
            filter, limit: context.arguments[DeadOptions.limit] ?? .max, withContent: false)
        context.output.table(letters.map { LetterText(letter: $0) }, LetterText.headings, fields: \.fields, object: \.object)
        await client.close()
        try DeadOptions.checkFound(letters, of: filter, isLimited: context.arguments.isGiven(DeadOptions.limit), context)
        return ExitCode.done
    }
}
