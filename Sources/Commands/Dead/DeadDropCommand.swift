import Arguments
import CeleryCore
import Client

/// `celery dead drop`: throwing dead letters away.
enum DeadDropCommand {
    static let force = Option.flag("force", short: "f", help: "Do not ask.")

    static let command = Command(
        CommandSpec(
            "drop", summary: "Throw messages away that were given up",
            discussion: [
                "What is thrown away is gone; the failures that are stored of the tasks are not touched. Prints the id of each. Unless ids are given, asks on a terminal; elsewhere --force is needed.",
            ],
            options: DeadOptions.filters + [DeadOptions.all.description, force.description], operands: DeadOptions.ids,
            examples: [
                Example("celery dead drop 0193...", "Throw one away."),
                Example("celery dead drop --until 30d --force", "Those that have been there for a month."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78") + [
                ExitStatus(127, "No dead letter of one of the ids; the others are gone.")
            ],
            outputKeys: [OutputKey("id, task, queue", "What was thrown away.")]),
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
                throw CommandError(ExitCode.usage, "this throws away \(what)", hint: "add --force to mean it")
            }
            guard context.confirm("Throw away \(what)?") else { return ExitCode.done }
        }
        // Those that were counted, and none that came since.
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
