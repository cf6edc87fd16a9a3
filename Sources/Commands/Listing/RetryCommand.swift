import Arguments
import CeleryCore
import Client
import Wire

/// `celery retry`: sends ended tasks again.
enum RetryCommand {
    static let dryRun = Option.flag("dry-run", help: "Print what would be sent, and send nothing.")
    static let rate = Option.value("rate", placeholder: "RATE", .rate, help: "Send at most at this rate: 10/s, 100/m or 5/h.")

    static let command = Command(
        CommandSpec(
            "retry", section: "Results", summary: "Send ended tasks again",
            discussion: [
                "Sends each task again with the same arguments and options to the same queue, under a new id, and prints the old id and the new one, separated by a tab. Tasks are named by id, or selected by --failed or --state and the other filters of celery list.",
                "Retries and crashes are counted from zero; an ETA, and times that have passed, no longer apply. The tasks that were to follow, callbacks and the rest of a chain, get new ids as well. In a task-set, the new task replaces the old one; other groups and chords have counted the old task already, and do not include the new one. A command that is sent again together with a task that it comes after (celery run --after) comes after the new task. The header celery_retry_of of the new message contains the old id; the old result stays.",
                "Only tasks whose arguments are kept with their result can be sent again: see CELERY_KEEP_ARGUMENTS in celery.toml(5). A task that still waits or runs is not sent.",
            ],
            options: TaskSelection.filters + [rate.description, dryRun.description],
            operands: [Operand("ID", .zeroOrMore, help: "Ids of tasks, as printed by apply and list.", completion: .taskID)],
            examples: [
                Example("celery retry 0193...", "Send a task again."),
                Example("celery retry --failed --task thumbs.tasks.make --since 1h", "Send again what failed in the last hour."),
                Example("celery retry --failed --rate 10/s", "Send all failed tasks again, ten per second."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78") + [
                ExitStatus(127, "An id is unknown, still waits or runs, or its arguments are not kept; the others are sent.")
            ],
            outputKeys: [
                OutputKey("id, new", "The id of the task, and that of the task sent now; new is null with --dry-run."),
                OutputKey("task, queue", "The task, and the queue it was sent to."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        var filter = TaskSelection.filter(arguments)
        if arguments.operands.isEmpty {
            guard let phases = filter.phases else {
                throw ArgumentError("say which tasks to send again: ids, --failed, or --state")
            }
            if let open = phases.filter(\.isOpen).min(by: { $0.rawValue < $1.rawValue }) {
                throw ArgumentError("tasks in state \(open.name) have not ended; select SUCCESS, FAILURE or REVOKED")
            }
        } else if !filter.isOpen {
            throw ArgumentError("ids and filters exclude each other")
        }
        let client = try context.client(try context.settings(), willSend: !arguments[dryRun])
        filter.redaction = client.settings.redaction
        var sender = RetrySender(client: client, isDryRun: arguments[dryRun], rate: arguments[rate]) { show($0, context) }
        let areAllSent = arguments.operands.isEmpty
            ? try await sender.send(filter) : try await sender.send(arguments.operands.map { TaskID($0) })
        return areAllSent ? ExitCode.done : ExitCode.unknown
    }
    private static func show(_ news: RetrySender.News, _ context: CommandContext) {
        let isDry = context.arguments[dryRun]
        switch news {
        case .sent(let old, let new):
            context.output.record(
                [
                    "id": .string(old.text), "new": isDry ? .null : .string(new.id.text), "task": .string(new.task),
                    "queue": .string(new.route.queue),
                ],
                text: [old.text, isDry ? new.task : new.id.text].row)
        case .refused(let id, let why): context.output.error("celery retry: \(id.text.inOneLine): not sent: \(why.inOneLine)")
        // Print each id right after sending, in case this process is killed.
        case .pause: context.output.flush()
        }
    }
}
