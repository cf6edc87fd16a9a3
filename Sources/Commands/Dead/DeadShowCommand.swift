import Arguments
import CeleryCore
import Client

/// `celery dead show`: shows dead letters in full.
enum DeadShowCommand {
    static let command = Command(
        CommandSpec(
            "show", summary: "Show dead letters with their content",
            discussion: [
                "Prints one field per line: the reason, the arguments, and the original headers and body. Binary data is printed in base64. The values of secret names are hidden (CELERY_REDACT in celery.toml(5)); with CELERY_REDACT=, in its environment (an empty list) the command shows them.",
            ],
            operands: [Operand("ID", .oneOrMore, help: "Ids as printed by 'celery dead list'.", completion: .deadLetter)],
            examples: [Example("celery dead show 0193... --json", "Show one dead letter as JSON.")],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78") + [
                ExitStatus(127, "There is no dead letter with one of the ids; the others are shown.")
            ],
            outputKeys: LetterText.keys + LetterText.contentKeys),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let settings = try context.settings()
        let client = try context.client(settings)
        var filter = DeadLetterFilter()
        filter.keys = Set(context.arguments.operands)
        let letters = try await DeadOptions.keeping(client).deadLetters(filter, limit: .max, withContent: true)
        for (index, letter) in letters.enumerated() {
            let text = LetterText(letter: letter, redaction: settings.redaction)
            context.output.record(text.fullObject, text: (index > 0 ? "\n" : "") + text.page)
        }
        await client.close()
        try DeadOptions.checkFound(letters, of: filter, context)
        return ExitCode.done
    }
}
