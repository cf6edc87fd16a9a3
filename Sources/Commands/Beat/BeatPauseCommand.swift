import Arguments
import Beat
import CeleryCore
import Client
import Wire

/// `celery beat pause` and `celery beat resume`.
enum BeatPauseCommand {
    static let reason = Option.value("reason", placeholder: "TEXT", .nonEmptyText, help: "The reason, which 'celery beat status --json' shows.")
    static let until = Option.value(
        "until", placeholder: "TIME", .time,
        help: "Resume automatically at TIME: ISO 8601, HH:MM, or 'tomorrow 06:00', in the local time zone unless TIME names another.")
    static let length = Option.value(
        "for", placeholder: "S", .duration, help: "Resume automatically after this time, in seconds or as 90s, 10m, 2h, 1d.")

    private static let names = [Operand("NAME", .oneOrMore, help: "Names of periodic tasks.", completion: .entry)]
    private static let statuses =
        CeleryTable.statuses("0", "64", "65", "69", "77", "78") + [ExitStatus(127, "No such periodic task.")]

    static let pause = Command(
        CommandSpec(
            "pause", summary: "Stop sending periodic tasks until they are resumed",
            discussion: ["Runs due during the pause are not made up for. The pause applies to every beat of this name and survives restarts."],
            options: [reason.description, until.description, length.description], operands: names, exitStatuses: statuses,
            outputKeys: [
                OutputKey("entry", "The periodic task."), OutputKey("paused", "True."),
                OutputKey("until, reason", "As given, or null."),
            ]),
        run: runPause)

    static let resume = Command(
        CommandSpec(
            "resume", summary: "Send paused periodic tasks again", operands: names, exitStatuses: statuses,
            outputKeys: [OutputKey("entry", "The periodic task."), OutputKey("paused", "False.")]),
        run: runResume)

    private static func runPause(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        if arguments.isGiven(until), arguments.isGiven(length) { throw ArgumentError("--until and --for exclude each other") }
        let now = Timestamp.now
        let end = arguments[until] ?? arguments[length].map { now + $0 }
        if let end, end <= now { throw ArgumentError("the time to resume, \(LocalTime.text(end)), is in the past") }
        let pause = EntryPause(since: now, until: end, reason: arguments[reason])
        return try await command(context, { .pause(entry: $0, pause) }) { entry in
            let object: JSONObject = [
                "entry": .string(entry), "paused": true, "until": end.map { .string(ISO8601.text($0)) } ?? .null,
                "reason": pause.reason.map(JSON.string) ?? .null,
            ]
            return (object, "\(entry)\tpaused" + (end.map { " until \(LocalTime.text($0))" } ?? ""))
        }
    }

    private static func runResume(_ context: CommandContext) async throws -> Int32 {
        try await command(context, { .resume(entry: $0) }) { (["entry": .string($0), "paused": false], "\($0)\tresumed") }
    }

    /// Stores a command for each named entry, after checking that all of them exist.
    private static func command(
        _ context: CommandContext, _ command: (String) -> LeaderCommand, tell: (String) -> (JSONObject, String)
    ) async throws -> Int32 {
        let timetable = try Timetable(context)
        let keeping = try timetable.keeping
        for entry in try timetable.chosen() {
            try await keeping.tell(command(entry.name), in: timetable.beat)
            let (object, text) = tell(entry.name)
            context.output.record(object, text: text)
        }
        if try await timetable.state().leader == nil {
            context.output.note("celery \(context.arguments.command?.qualifiedName ?? ""): no beat leads now; the next leader will carry it out")
        }
        await timetable.client.close()
        return ExitCode.done
    }
}
