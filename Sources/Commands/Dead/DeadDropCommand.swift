import Arguments
import CeleryCore
import Client

/// `celery dead drop`: deletes dead letters.
enum DeadDropCommand {
    static let force = Option.flag("force", short: "f", help: "Do not ask for confirmation.")

    static let command = Command(
        CommandSpec(
            "drop", summary: "Delete dead letters",
            discussion: [
                "Deletes dead letters for good and prints their ids. The stored results of the tasks are not changed. Unless ids are given, the command asks for confirmation on a terminal, and needs --force elsewhere.",
            ],
            options: DeadOptions.filters + [DeadOptions.all.description, force.description], operands: DeadOptions.ids,
            examples: [
                Example("celery dead drop 0193...", "Delete one dead letter."),
                Example("celery dead drop --until 30d --force", "Delete dead letters older than 30 days."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78") + [
                ExitStatus(127, "There is no dead letter with one of the ids; the others are deleted.")
            ],
            outputKeys: [OutputKey("id, task, queue", "The deleted dead letter.")]),
        run: run)

    private static let batch = 500

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        let filter = try DeadOptions.deliberateFilter(arguments)
        let client = try context.client(try context.settings())
        let keeping = try DeadOptions.keeping(client)
        let letters = try await keeping.deadLetters(filter, limit: arguments[DeadOptions.limit] ?? .max, withContent: false)
        if arguments.operands.isEmpty, !letters.isEmpty, !arguments[force] {
            let what = "\(letters.count) dead letter\(letters.count == 1 ? "" : "s")"
            guard context.stdinIsTerminal else {
                throw CommandError(ExitCode.usage, "this would delete \(what)", hint: "add --force to confirm")
            }
            guard context.confirm("Delete \(what)?") else { return ExitCode.done }
        }
        // Only the letters that were counted, none that arrived later.
        for start in stride(from: 0, to: letters.count, by: batch) {
            let some = Array(letters[start..<min(start + batch, letters.count)])
            for letter in try await keeping.dropDeadLetters(DeadLetterFilter(some), limit: some.count) {
                context.output.record(
                    ["id": .string(letter.key), "task": letter.task.map(JSON.string) ?? .null, "queue": .string(letter.queue)],
                    text: letter.key.inOneLine)
            }
        }
        await client.close()
        try DeadOptions.checkFound(letters, of: filter, isLimited: context.arguments.isGiven(DeadOptions.limit), context)
        return ExitCode.done
    }
}
