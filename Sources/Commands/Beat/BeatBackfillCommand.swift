import Arguments
import Beat
import CeleryCore
import Client
import Schedules
import Wire

/// `celery beat backfill`: making up for runs of the past.
enum BeatBackfillCommand {
    static let dryRun = Option.flag("dry-run", help: "Send nothing; print the ids with the times they were due.")
    static let force = Option.flag("force", help: "Send more than 10000 runs.")

    static let command = Command(
        CommandSpec(
            "backfill", summary: "Send the runs of a time in the past",
            discussion: [
                "Sends the runs of a periodic task that were due from FROM to TO, both included, each under the id it has by its due time, and prints the ids. Runs that broker or result store know already are passed over, and said on stderr: so it can be done again.",
                "Times are ISO 8601, 'yesterday', 'today 06:00' or 'now', in the local zone unless one is written. A run expires as long after now as it would have after it was due.",
                "Where neither broker nor result store can tell, because results are ignored and the broker is RabbitMQ, doing it again sends again.",
            ],
            options: [dryRun.description, force.description],
            operands: [
                Operand("NAME", help: "The periodic task.", completion: .entry), Operand("FROM", help: "Runs due from then on."),
                Operand("TO", help: "Runs due up to then."),
            ],
            exitStatuses: [
                ExitStatus(0, "Sent, or nothing was left to send."), ExitStatus(64, "Usage; or more than 10000 runs."),
                ExitStatus(69, "The broker or the result store cannot be reached."), ExitStatus(78, "Configuration."),
                ExitStatus(127, "No such periodic task."),
            ],
            outputKeys: [
                OutputKey("id, due", "Of a run."), OutputKey("entry, task", "The periodic task and the task it sends."),
                OutputKey("sent", "Whether it was sent; false for those passed over, and with --dry-run."),
                OutputKey("known", "Whether it was passed over because it is known."),
            ]),
        run: run)

    /// Runs that are sent without asking.
    private static let limit = 10_000
    /// Runs looked up and sent in one step.
    private static let chunk = 500

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        let now = Timestamp.now
        let from = try time(arguments.operands[1], now)
        let to = try time(arguments.operands[2], now)
        guard from <= to else { throw ArgumentError("FROM is later than TO") }
        guard to <= now else {
            throw ArgumentError("TO is \(LocalTime.text(to)), which is still to come", hint: "write 'now'; beat sends what is due later")
        }
        let timetable = try Timetable(context, willSend: true)
        let entry = try timetable.entry(arguments.operands[0])
        let due = entry.periodic.schedule.times(
            after: Timestamp(seconds: from.seconds.nextDown), through: to, limit: arguments[force] ? .max : limit + 1)
        guard due.count <= limit || arguments[force] else {
            throw ArgumentError("more than \(limit) runs of '\(entry.name.forLog)' were due then", hint: "choose a shorter time, or add --force")
        }
        for start in stride(from: 0, to: due.count, by: chunk) {
            try await send(due[start..<min(start + chunk, due.count)], of: entry, timetable, now)
            context.output.flush()
        }
        if due.isEmpty { context.output.note("celery beat backfill: no run of '\(entry.name.forLog)' was due then") }
        await timetable.client.close()
        return ExitCode.done
    }

    private static func send(_ due: ArraySlice<Timestamp>, of entry: Entry, _ timetable: Timetable, _ now: Timestamp) async throws {
        let (output, isDry) = (timetable.context.output, timetable.context.arguments[dryRun])
        let runs = due.map { (due: $0, message: message(of: entry, due: $0, timetable, now)) }
        let known = try await Self.known(runs.map(\.message.id), timetable.client)
        let fresh = runs.filter { known[$0.message.id] == nil }.map(\.message)
        if !isDry, !fresh.isEmpty { try await timetable.client.publish(fresh) }
        for (due, message) in runs {
            let reason = known[message.id]
            if let reason { output.note("celery beat backfill: passed over \(message.id), due \(LocalTime.text(due)): \(reason)") }
            // Text has only what is, or would be, sent.
            if reason != nil, output.format == .text { continue }
            output.record(
                [
                    "id": .string(message.id.text), "due": .string(ISO8601.text(due)), "entry": .string(entry.name),
                    "task": .string(message.task), "sent": .bool(reason == nil && !isDry), "known": .bool(reason != nil),
                ],
                text: isDry ? "\(message.id)\t\(LocalTime.text(due))" : message.id.text)
        }
    }

    private static func message(of entry: Entry, due: Timestamp, _ timetable: Timetable, _ now: Timestamp) -> Message {
        var message = entry.message(due: due, beat: timetable.beat)
        if let expires = entry.periodic.expires { message.expires = now + expires }
        return message
    }

    /// What is known already, and how.
    private static func known(_ ids: [TaskID], _ client: Client) async throws -> [TaskID: String] {
        // The broker first: a run that ends between the two looks is found in the store.
        let located = try await (client.broker as? any MessageLocating)?.locate(ids) ?? [:]
        let results = try await client.store.results(for: ids)
        return located.mapValues { $0.worker == nil ? "it waits in its queue" : "it runs" }
            .merging(results.mapValues { "its state is \($0.state.name)" }) { $1 }
    }

    private static func time(_ text: String, _ now: Timestamp) throws -> Timestamp {
        guard let time = TimeText(now: now).parse(text) else {
            throw ArgumentError("\(ArgumentError.quote(text)) is not a time", hint: "write 2030-01-31T06:00, yesterday, 'today 06:00' or now")
        }
        return time
    }
}
