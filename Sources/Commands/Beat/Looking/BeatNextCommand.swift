import Arguments
import Beat
import CeleryCore
import Client
import Wire

/// `celery beat next`: the coming runs.
enum BeatNextCommand {
    static let count = Option.value(
        "number", short: "n", placeholder: "N", .integer(in: 1...100_000), default: .literal(10), help: "List N runs.")

    static let command = Command(
        CommandSpec(
            "next", summary: "List the coming runs",
            discussion: [
                "For each run, prints the local time at which it is sent, the name of the periodic task, the task, and 'paused' if a pause prevents it, separated by tabs. Also works when the broker cannot be reached, but then cannot show pauses.",
            ],
            options: [count.description],
            operands: [Operand("NAME", .zeroOrMore, help: "Names of periodic tasks; all by default.", completion: .entry)],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "77", "78") + [ExitStatus(127, "No such periodic task.")],
            outputKeys: [
                OutputKey("time, due", "The time at which the run is sent, and its due time; they differ by the jitter."),
                OutputKey("entry, task", "The periodic task and the task it sends."),
                OutputKey("id", "The id of the run."), OutputKey("paused", "Whether a pause prevents the run."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let timetable = try Timetable(context)
        let entries = try timetable.chosen()
        let state = try await timetable.stateIfReachable()
        let runs = UpcomingRuns(entries, state?.records ?? [:], now: .now)
        context.output.table(
            runs.prefix(context.arguments[count]), ["time", "entry", "task"],
            fields: { run in [LocalTime.text(run.time), run.entry.name, run.entry.message.task] + (run.isPaused ? ["paused"] : []) },
            object: { run in
                [
                    "time": .string(ISO8601.text(run.time)), "due": .string(ISO8601.text(run.due)),
                    "entry": .string(run.entry.name), "task": .string(run.entry.message.task),
                    "id": .string(run.entry.id(due: run.due, beat: timetable.beat).text), "paused": .bool(run.isPaused),
                ]
            })
        if entries.isEmpty { context.output.note("celery beat next: no periodic tasks in \(timetable.settings.projectFolder)") }
        await timetable.client.close()
        return ExitCode.done
    }
}
