import Arguments
import CeleryCore
import Client
import Wire

/// `celery dead replay`: sending dead letters again.
enum DeadReplayCommand {
    static let target = Option.value("to", placeholder: "QUEUE", .queueName, help: "Send them to this queue, not to those they came from.", completion: .queue)
    static let rate = Option.value("rate", placeholder: "RATE", .rate, help: "Send no more than so many: 10/s, 100/m or 5/h.")

    static let command = Command(
        CommandSpec(
            "replay", summary: "Send messages again that were given up",
            discussion: [
                "Sends them to the queues they came from, under their own ids, as if they were new: retries and crashes are counted from nothing, and a time they were to wait for is over. Numbers of attempts go on, so that nothing an old attempt has to say counts any more. Prints the id of each that was sent.",
                "The failure that is stored of a task is removed, with those of the later steps of its chain, so that it can succeed now. A task that has succeeded meanwhile, waits, or has expired, is not sent, and stays a dead letter.",
                "Nothing is lost by ending this in the middle. On SQLite a letter is sent and removed in one transaction; on RabbitMQ it is removed once the broker has confirmed it, so that it may be sent twice.",
            ],
            options: DeadOptions.filters + [DeadOptions.all.description, target.description, rate.description],
            operands: DeadOptions.ids,
            examples: [
                Example("celery dead replay 0193...", "Send one again."),
                Example("celery dead replay --reason unregistered", "After a deploy, those whose task was missing."),
                Example("celery dead replay --all --rate 100/m", "All of them, a hundred a minute."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "69", "75", "77", "78") + [
                ExitStatus(65, "One could not be sent, and is still a dead letter; the others are sent."),
                ExitStatus(127, "No dead letter of one of the ids; the others are sent."),
            ],
            outputKeys: [OutputKey("id, task", "What was sent."), OutputKey("queue", "Where it was sent.")]),
        run: run)

    /// Letters that are sent at a time when there is no hurry to be slow.
    private static let batch = 200

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        let filter = try DeadOptions.deliberateFilter(arguments)
        let client = try context.client(try context.settings(), willSend: true)
        let keeping = try DeadOptions.keeping(client)
        let letters = try await keeping.deadLetters(filter, limit: arguments[DeadOptions.limit] ?? .max, withContent: false)
        let pace = arguments[rate]
        let size = pace.map { max(1, Int($0 * 0.25)) } ?? batch
        var next = ContinuousClock.now
        var isRefused = false
        for start in stride(from: 0, to: letters.count, by: size) {
            let batch = Array(letters[start..<min(start + size, letters.count)])
            if let pace {
                try await Task.sleep(until: next)
                next = max(next, .now - .seconds(1)) + .seconds(Double(batch.count) / pace)
            }
            for replay in try await send(batch, keeping, client, to: arguments[target]) {
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
            // What is said to be sent is sent, also when this is killed.
            context.output.flush()
        }
        await client.close()
        try DeadOptions.checkFound(letters, of: filter, isLimited: context.arguments.isGiven(DeadOptions.limit), context)
        return isRefused ? ExitCode.badData : ExitCode.done
    }

    private static func send(
        _ letters: [DeadLetter], _ keeping: any DeadLetterKeeping, _ client: Client, to queue: String?
    ) async throws -> [DeadLetterReplay] {
        var filter = DeadLetterFilter(letters)
        var refused: [DeadLetterReplay] = []
        let store = try client.store
        if !keeping.replayClears(store) {
            let full = try await keeping.deadLetters(filter, limit: letters.count, withContent: true)
            for id in try await FailureRemoval(store: store).clear(full) {
                filter.keys?.remove(id.text)
                refused += letters.filter { $0.taskID == id }.map {
                    DeadLetterReplay($0, refusal: "task id \(id) is already in use: its result is stored")
                }
            }
        }
        guard filter.keys?.isEmpty == false else { return refused }
        return refused + (try await keeping.replay(filter, limit: letters.count, to: queue))
    }
}
