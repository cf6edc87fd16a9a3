import Arguments
import CeleryCore
import Client

/// `celery queues`: depths and consumers.
enum QueuesCommand {
    static let command = Command(
        CommandSpec(
            "queues", section: "Workers", summary: "Count what waits in the queues",
            discussion: ["Prints for each queue how many messages are ready, scheduled for later, and running, and how many workers consume it. RabbitMQ tells only what is ready, and of the queues in the settings; the rest is shown as -."],
            examples: [Example("celery queues", "Show all queues.")],
            exitStatuses: CeleryTable.statuses("0", "65", "69", "77", "78"),
            outputKeys: [
                OutputKey("queue", "Its name."), OutputKey("ready", "Messages that are due."),
                OutputKey("scheduled", "Messages that wait for their time."), OutputKey("running", "Messages a worker has."),
                OutputKey("consumers", "Workers that take from it."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let client = try context.client(try context.settings())
        guard let counting = client.broker as? any QueueCounting else {
            throw DriverError.lacks("count queues", client.broker.location)
        }
        let queues = try await counting.queues()
        if context.output.format == .text && !queues.isEmpty {
            context.output.line("queue\tready\tscheduled\trunning\tconsumers")
        }
        for queue in queues {
            if let trouble = queue.trouble {
                context.output.error("celery queues: warning: \(trouble)")
                continue
            }
            let numbers = [queue.ready, queue.scheduled, queue.running, queue.consumers].map { $0.map(String.init) ?? "-" }
            context.output.record(
                [
                    "queue": .string(queue.name), "ready": .int(Int64(queue.ready)), "scheduled": number(queue.scheduled),
                    "running": number(queue.running), "consumers": .int(Int64(queue.consumers)),
                ],
                text: "\(queue.name)\t" + numbers.joined(separator: "\t"))
        }
        return ExitCode.done
    }

    private static func number(_ count: Int?) -> JSON { count.map { .int(Int64($0)) } ?? .null }
}
