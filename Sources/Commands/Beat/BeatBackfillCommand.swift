import Arguments
import Beat
import CeleryCore
import Client
import Schedules
import Wire

/// `celery beat backfill`: sends runs that were due in the past.
enum BeatBackfillCommand {
    static let dryRun = Option.flag("dry-run", help: "Send nothing; print the id and due time of each run.")
    static let force = Option.flag("force", help: "Send more than 10000 runs.")

    static let command = Command(
        CommandSpec(
            "backfill", summary: "Send the runs of a past period",
            discussion: [
                "Sends the runs of a periodic task that were due from FROM to TO, both included, and prints their ids. The id of a run depends only on the task and the due time. Runs that the broker or the result store already knows are skipped and named on stderr, so the command can safely be repeated.",
                "Times are ISO 8601, 'yesterday', 'today 06:00' or 'now', in the local time zone unless they name another. A task's expiry counts from now, not from the due time.",
                "With RabbitMQ and ignored results nothing knows earlier runs: there, repeating the command sends them again.",
            ],
            options: [dryRun.description, force.description],
            operands: [
                Operand("NAME", help: "The periodic task.", completion: .entry), Operand("FROM", help: "Start of the period."),
                Operand("TO", help: "End of the period."),
            ],
            exitStatuses: [
                ExitStatus(0, "All runs are sent, or none was left to send."), ExitStatus(64, "Usage, or more than 10000 runs."),
                ExitStatus(69, "The broker or the result store cannot be reached."), ExitStatus(78, "Configuration."),
                ExitStatus(127, "No such periodic task."),
            ],
            outputKeys: [
                OutputKey("id, due", "The id and due time of the run."), OutputKey("entry, task", "The periodic task and the task it sends."),
                OutputKey("sent", "Whether the run was sent; false if it was skipped, and with --dry-run."),
                OutputKey("known", "Whether the run was skipped because it is already known."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        let now = Timestamp.now
        let from = try time(arguments.operands[1], now)
        let to = try time(arguments.operands[2], now)
        guard from <= to else { throw ArgumentError("FROM is later than TO") }
        guard to <= now else {
            throw ArgumentError("TO is \(LocalTime.text(to)), which is in the future", hint: "write 'now'; beat sends later runs itself")
        }
        let timetable = try Timetable(context, willSend: true)
        let entry = try timetable.entry(arguments.operands[0])
        let due = Backfill.due(entry, from: from, to: to, limit: arguments[force] ? .max : Backfill.limit + 1)
        guard due.count <= Backfill.limit || arguments[force] else {
            throw ArgumentError("more than \(Backfill.limit) runs of '\(entry.name.forLog)' were due then", hint: "choose a shorter period, or add --force")
        }
        for start in stride(from: 0, to: due.count, by: Backfill.chunk) {
            try await send(due[start..<min(start + Backfill.chunk, due.count)], of: entry, timetable, now)
            context.output.flush()
        }
        if due.isEmpty { context.output.note("celery beat backfill: no run of '\(entry.name.forLog)' was due then") }
        await timetable.client.close()
        return ExitCode.done
    }

    private static func send(_ due: ArraySlice<Timestamp>, of entry: Entry, _ timetable: Timetable, _ now: Timestamp) async throws {
        let (output, isDry) = (timetable.context.output, timetable.context.arguments[dryRun])
        let backfill = Backfill(entry: entry, client: timetable.client, beat: timetable.beat, now: now)
        for run in try await backfill.send(Array(due), isDryRun: isDry) {
            if let reason = run.reason { output.note("celery beat backfill: skipped \(run.message.id), due \(LocalTime.text(run.due)): \(reason)") }
            // Text output lists only runs that are, or would be, sent.
            if run.reason != nil, output.format == .text { continue }
            output.record(
                [
                    "id": .string(run.message.id.text), "due": .string(ISO8601.text(run.due)), "entry": .string(entry.name),
                    "task": .string(run.message.task), "sent": .bool(run.reason == nil && !isDry), "known": .bool(run.reason != nil),
                ],
                text: isDry ? "\(run.message.id)\t\(LocalTime.text(run.due))" : run.message.id.text)
        }
    }

    private static func time(_ text: String, _ now: Timestamp) throws -> Timestamp {
        guard let time = TimeText(now: now).parse(text) else {
            throw ArgumentError("\(ArgumentError.quote(text)) is not a time", hint: "write 2030-01-31T06:00, yesterday, 'today 06:00' or now")
        }
        return time
    }
}
