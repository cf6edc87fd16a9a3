import Arguments
import CeleryCore
import Client

/// `celery explain`: explains why tasks wait, were late or failed.
enum ExplainCommand {
    static let command = Command(
        CommandSpec(
            "explain", section: "Results", summary: "Explain why a task is waiting, was late or failed",
            discussion: [
                "Collects what the broker, the result store, the workers, the dead letters and the stored events know about each task. The first line states what has become of the task and why. The lines below show further reasons, times, how long the task waited, its attempts with their workers, the last lines it wrote to stderr and, if it failed, to stdout, and its parent, group and children. Lines that begin with also: are further reasons to wait, which would remain without the first.",
                "The attempts before the last are known only from stored events: use the SQLite broker or Redis, and start workers with celeryd -E.",
                "Redis has no index of ids, so celery explain reads its queues, up to 200,000 messages of each priority, and what workers hold.",
                "RabbitMQ cannot search its queues. There a task without a result that no worker has cannot be seen: the command shows what is known about workers, queues and pauses instead, and exits with 75. Stored events are not read on RabbitMQ.",
            ],
            operands: [Operand("ID", .oneOrMore, help: "Ids of tasks, as printed by apply.", completion: .taskID)],
            examples: [
                Example("celery explain 0193...", "Show why a task is waiting."),
                Example("celery explain --json 0193... | jq -r '.causes[0].kind'", "Print the reason as one word."),
            ],
            exitStatuses: [
                ExitStatus(0, "Every task is known."),
                ExitStatus(75, "A task may be waiting unseen, or was never sent."),
                ExitStatus(127, "No such task id."),
            ] + CeleryTable.statuses("64", "65", "69", "77", "78"),
            outputKeys: Explanation.keys),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let client = try context.client(try context.settings())
        let output = context.output
        let finder = FactFinder(client: client) { output.note("celery explain: warning: \($0)") }
        let facts = try await finder.facts(of: context.arguments.operands.map { TaskID($0) }.distinct)
        await client.close()
        var status = ExitCode.done
        for facts in facts {
            let explanation = Explanation(facts)
            output.record(explanation.object(facts), text: explanation.text)
            status = worse(status, facts, explanation)
        }
        return status
    }

    /// 127 before 75 before 0.
    private static func worse(_ status: Int32, _ facts: TaskFacts, _ explanation: Explanation) -> Int32 {
        if facts.isKnown || status == ExitCode.unknown { return status }
        return explanation.verdict == .unseen ? ExitCode.tryAgain : ExitCode.unknown
    }
}
