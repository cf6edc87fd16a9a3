import Arguments
import CeleryCore
import Client

/// `celery explain`: why tasks wait, were late or failed.
enum ExplainCommand {
    static let command = Command(
        CommandSpec(
            "explain", section: "Results", summary: "Tell why a task is waiting, was late or failed",
            discussion: [
                "Gathers what the broker, the result store, the workers, the dead letters and the kept events know of each task. The first line says what has become of it and why; the lines below it what else holds, its times, how long it waited, its attempts with their workers, the last lines it wrote to stderr, and its parent, group and children. Lines that begin with also: are further reasons to wait, which would be left if the first was gone.",
                "The attempts before the last one are known from events: have them kept with celeryd -E on the SQLite broker.",
                "RabbitMQ cannot be asked what waits in its queues. There a task that no worker has and that has no result cannot be seen: what is known of workers, queues and pauses is told instead, and the status is 75. Kept events are not read there.",
            ],
            operands: [Operand("ID", .oneOrMore, help: "Ids of tasks, as apply printed them.", completion: .taskID)],
            examples: [
                Example("celery explain 0193...", "Tell what keeps a task."),
                Example("celery explain --json 0193... | jq -r '.causes[0].kind'", "The reason in a word."),
            ],
            exitStatuses: [
                ExitStatus(0, "Something is known of every task."),
                ExitStatus(75, "A task may wait where it cannot be seen, or was never sent."),
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
