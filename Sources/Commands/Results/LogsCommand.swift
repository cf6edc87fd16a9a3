import Arguments
import CeleryCore
import Client

/// `celery logs`: prints what attempts of a task wrote.
enum LogsCommand {
    static let attempt = Option.value(
        "attempt", placeholder: "N", .integer(in: 1...Int(Int32.max)), help: "Print only the attempt with this number; by default, all that are kept.")
    static let follow = Option.flag("follow", short: "f", help: "Keep printing what the task writes, until it ends.")
    static let stdout = Option.flag("stdout", help: "Print only what was written to stdout.")
    static let stderr = Option.flag("stderr", help: "Print only what was written to stderr.")

    static let command = Command(
        CommandSpec(
            "logs", section: "Results", summary: "Print what the attempts of a task wrote",
            discussion: [
                "Prints what the program of a task wrote to stdout and stderr, unchanged and in the order in which it was written, also while the task runs. For a task in Swift, prints the messages of its logger.",
                "Of each stream of an attempt, the worker keeps CELERYD_TASK_OUTPUT_BYTES, half from the beginning and half from the end; of each task, the last \(AttemptOutput.attemptLimit) attempts. They are kept as long as the result, or for CELERY_TASK_OUTPUT_EXPIRES. A line on stderr tells how many bytes are missing.",
                "Output is kept beside the results, in their SQLite file or in a PostgreSQL database (postgresql://), so anyone who may read these can read it. Other result stores cannot keep it.",
            ],
            options: [attempt.description, follow.description, stdout.description, stderr.description],
            operands: [Operand("ID", help: "The id of a task, as printed by apply.", completion: .taskID)],
            examples: [
                Example("celery logs 0193...", "Print what the task wrote."),
                Example("celery logs -f 0193...", "Follow it until it ends."),
                Example("celery logs --attempt 1 --stderr 0193...", "Print the errors of the first attempt."),
            ],
            exitStatuses: [
                ExitStatus(0, "Done, even if the task has written nothing; with -f, the task has ended."),
                ExitStatus(78, "Configuration; or the result store cannot keep output."),
                ExitStatus(127, "No such task id."),
            ] + CeleryTable.statuses("64", "65", "69", "77"),
            outputKeys: [
                OutputKey("id, attempt, stream", "The task, the number of the attempt, and stdout or stderr."),
                OutputKey("offset", "The position in the stream, in bytes."),
                OutputKey("text", "What was written there: a string, or {\"__type__\": \"base64\", \"__value__\": ...} for bytes that are not UTF-8."),
                OutputKey("omitted", "Instead of text: the number of bytes that were left out."),
            ]),
        run: run)

    /// How long to wait for new output.
    private static let pause: Duration = .milliseconds(200)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        let client = try context.client(try context.settings())
        guard let store = try client.store as? any OutputKeeping else { throw DriverError.keepsNoOutput(try client.store.location) }
        let id = TaskID(arguments.operands[0])
        let wanted = arguments[attempt]
        var streams: Set<TaskOutput.Stream> = []
        if arguments[stdout] || !arguments[stderr] { streams.insert(.stdout) }
        if arguments[stderr] || !arguments[stdout] { streams.insert(.stderr) }
        var printer = OutputPrinter(id: id, output: context.output, streams: streams, attempt: wanted)
        while true {
            // First the state: what is stored before the end of the task is then seen.
            let status = try await client.status(of: [id])[0]
            let outputs = try await store.outputs(of: id, from: printer.attempt).filter { wanted == nil || $0.attempt == wanted }
            printer.print(outputs)
            context.output.flush()
            if status.state == .unknown, !printer.hasFoundAny {
                context.output.error("celery logs: \(id): no such task id")
                return ExitCode.unknown
            }
            let isOver = status.state.isReady || status.state == .unknown || (wanted != nil && outputs.contains(where: \.isFinal))
            if !arguments[follow] || isOver {
                if !printer.hasFoundAny { context.output.note("celery logs: \(id): \(nothing(status, wanted))") }
                return ExitCode.done
            }
            try await Task.sleep(for: pause)
        }
    }

    /// Why nothing is printed.
    private static func nothing(_ status: TaskStatus, _ wanted: Int?) -> String {
        if let wanted { return "nothing is kept of what attempt \(wanted) wrote" }
        switch status.state {
        case .pending, .received: return "the task has not begun"
        case .success, .failure, .revoked, .retry: return "the task wrote nothing, or nothing of it is kept"
        default: return "the task has written nothing so far"
        }
    }
}
