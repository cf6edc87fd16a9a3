import Arguments
import CeleryCore
import Client
import Wire

/// `celery queues`: shows depths, consumers and pauses.
enum QueuesCommand {
    private static let subcommands = [QueuePauseCommand.pause, QueuePauseCommand.resume]

    static let command = Command(
        CommandSpec(
            "queues", section: "Workers", summary: "Show message counts, consumers and pauses of queues",
            discussion: ["For each queue, prints the numbers of messages that are ready, scheduled and running, and the number of workers that consume it. RabbitMQ reports only ready messages, for the queues in the settings; other numbers are shown as -.", "For a paused queue, also prints the end of the pause, the reason, and who paused it."],
            examples: [
                Example("celery queues", "Show all queues."),
                Example("celery queues pause images --for 2h --reason 'disk full'", "Pause a queue for two hours."),
                Example("celery queues resume images", "Resume a queue."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "77", "78"),
            outputKeys: [
                OutputKey("queue", "The name of the queue."), OutputKey("ready", "The number of messages that are due."),
                OutputKey("scheduled", "The number of messages waiting for their ETA."), OutputKey("running", "The number of messages that workers have."),
                OutputKey("consumers", "The number of workers that consume the queue."),
                OutputKey("paused", "For a paused queue, an object with since, until, reason and by; else null."),
            ], subcommands: subcommands.map(\.spec)),
        subcommands: subcommands, launch: { context in .run { try await run(context) } })

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let client = try context.client(try context.settings())
        guard let counting = client.broker as? any QueueCounting else {
            throw DriverError.lacks("count queues", client.broker.location)
        }
        let pauses = try await (client.broker as? any QueuePausing)?.pausedQueues() ?? [:]
        var queues = try await counting.queues()
        // A queue may be paused before it exists.
        for name in pauses.keys.sorted() where !queues.contains(where: { $0.name == name }) {
            queues.append(QueueCount(name: name, ready: 0, scheduled: nil, running: nil, consumers: 0))
        }
        for trouble in queues.compactMap(\.trouble) { context.output.error("celery queues: warning: \(trouble)") }
        let headings = ["queue", "ready", "scheduled", "running", "consumers"]
        // Always with headings, since scripts read them.
        if context.output.format == .text && !context.output.isTerminal && !queues.isEmpty { context.output.line(headings.row) }
        context.output.table(queues.filter { $0.trouble == nil }, headings) { queue in
            [queue.name] + [queue.ready, queue.scheduled, queue.running, queue.consumers].map { $0.map(String.init) ?? "-" }
                + (pauses[queue.name].map { [text($0)] } ?? [])
        } object: { queue in
            [
                "queue": .string(queue.name), "ready": .int(Int64(queue.ready)), "scheduled": number(queue.scheduled),
                "running": number(queue.running), "consumers": .int(Int64(queue.consumers)), "paused": pauses[queue.name].map(object) ?? .null,
            ]
        }
        return ExitCode.done
    }

    private static func object(_ pause: QueuePause) -> JSON {
        [
            "since": .string(ISO8601.text(pause.since)), "until": pause.until.map { .string(ISO8601.text($0)) } ?? .null,
            "reason": pause.reason.map(JSON.string) ?? .null, "by": pause.by.map(JSON.string) ?? .null,
        ]
    }

    /// The pause as text: `paused until TIME: REASON (WHO, since TIME)`.
    private static func text(_ pause: QueuePause) -> String {
        let end = pause.until.map { " until \(LocalTime.text($0))" } ?? ""
        let reason = pause.reason.map { ": \($0.forLog)" } ?? ""
        let who = pause.by.map { "\($0.forLog), " } ?? ""
        return "paused\(end)\(reason) (\(who)since \(LocalTime.text(pause.since)))"
    }

    private static func number(_ count: Int?) -> JSON { count.map { .int(Int64($0)) } ?? .null }
}
