import Arguments
import CeleryCore
import Client

/// `celery dead replay`: resends dead letters.
enum DeadReplayCommand {
    static let target = Option.value("to", placeholder: "QUEUE", .queueName, help: "Send to this queue instead of the original queues.", completion: .queue)
    static let rate = Option.value("rate", placeholder: "RATE", .rate, help: "Send at most at this rate: 10/s, 100/m or 5/h.")

    static let command = Command(
        CommandSpec(
            "replay", summary: "Resend dead letters",
            discussion: [
                "Sends dead letters to their original queues under their own ids, and prints the ids. Retries and crashes are counted from zero, and an ETA no longer applies. Attempt numbers continue, so that a late report of an old attempt is ignored.",
                "The stored failures of the task and of the later steps of its chain are removed, so that they can succeed now. A task that has succeeded meanwhile, is already waiting, or has expired is not sent and stays a dead letter.",
                "Interrupting the command loses nothing. On SQLite a dead letter is sent and removed in one transaction. On RabbitMQ it is removed after the broker has confirmed the message, so it may be sent twice.",
            ],
            options: DeadOptions.filters + [DeadOptions.all.description, target.description, rate.description],
            operands: DeadOptions.ids,
            examples: [
                Example("celery dead replay 0193...", "Resend one dead letter."),
                Example("celery dead replay --reason unregistered", "After a deployment, resend messages whose task was missing."),
                Example("celery dead replay --all --rate 100/m", "Resend all dead letters, a hundred per minute."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "69", "75", "77", "78") + [
                ExitStatus(65, "A dead letter could not be sent and was kept; the others are sent."),
                ExitStatus(127, "There is no dead letter with one of the ids; the others are sent."),
            ],
            outputKeys: [OutputKey("id, task", "The message sent."), OutputKey("queue", "The queue it was sent to.")]),
        run: run)

    /// Letters sent at a time without `--rate`.
    private static let batch = 200

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        let filter = try DeadOptions.deliberateFilter(arguments)
        let client = try context.client(try context.settings(), willSend: true)
        let keeping = try DeadOptions.keeping(client)
        let letters = try await keeping.deadLetters(filter, limit: arguments[DeadOptions.limit] ?? .max, withContent: false)
        var pace = SendingPace(arguments[rate], batch: batch)
        var isRefused = false
        for start in stride(from: 0, to: letters.count, by: pace.batch) {
            let batch = Array(letters[start..<min(start + pace.batch, letters.count)])
            try await pace.wait(for: batch.count)
            for replay in try await LetterReplay(keeping: keeping, store: try client.store).send(batch, to: arguments[target]) {
                let letter = replay.letter
                if let refusal = replay.refusal {
                    isRefused = true
                    context.output.error("celery dead replay: \(letter.key.inOneLine): not sent: \(refusal.inOneLine)")
                } else {
                    context.output.record(
                        [
                            "id": .string(letter.key), "task": letter.task.map(JSON.string) ?? .null,
                            "queue": .string(arguments[target] ?? letter.queue),
                        ], text: letter.key.inOneLine)
                }
            }
            // Print each id right after sending, in case this process is killed.
            context.output.flush()
        }
        await client.close()
        try DeadOptions.checkFound(letters, of: filter, isLimited: context.arguments.isGiven(DeadOptions.limit), context)
        return isRefused ? ExitCode.badData : ExitCode.done
    }
}
