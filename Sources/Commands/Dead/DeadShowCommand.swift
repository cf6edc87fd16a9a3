import Arguments
import CeleryCore
import Client

/// `celery dead show`: everything about a few dead letters.
enum DeadShowCommand {
    static let command = Command(
        CommandSpec(
            "show", summary: "Show messages that were given up, with all they came with",
            discussion: [
                "Prints a field a line: why it was given up, its arguments, and the headers and the body as they came. Bytes that are no text are printed in base64.",
            ],
            operands: [Operand("ID", .oneOrMore, help: "Ids, as 'celery dead list' prints them.")],
            examples: [Example("celery dead show 0193... --json", "Show one as JSON.")],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78") + [
                ExitStatus(127, "No dead letter of one of the ids; the others are shown.")
            ],
            outputKeys: LetterText.keys + LetterText.contentKeys),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let client = try context.client(try context.settings())
        var filter = DeadLetterFilter()
        filter.keys = Set(context.arguments.operands)
        let letters = try await DeadOptions.keeping(client).deadLetters(filter, limit: .max, withContent: true)
        for (index, letter) in letters.enumerated() {
            let text = LetterText(letter: letter)
            context.output.record(text.fullObject, text: (index > 0 ? "\n" : "") + text.page)
        }
        await client.close()
        try DeadOptions.checkFound(letters, of: filter, context)
        return ExitCode.done
    }
}
