import Arguments
import Beat
import CeleryCore
import Client
import Wire

/// `celery beat status`: reports whether periodic tasks are sent on time.
enum BeatStatusCommand {
    static let command = Command(
        CommandSpec(
            "status", summary: "Show whether periodic tasks are sent on time",
            discussion: [
                "The first line names the beat that leads. The other lines show name, health, time of the last success and time of the next run of each periodic task, separated by tabs.",
                "The health is ok; late if a run is more than half a minute overdue; paused; absent if no run has succeeded within expect_within; failing if the last runs all failed (two of them, unless alarm_after says otherwise, or every run so far); or waiting if no run has been due yet.",
            ],
            operands: [Operand("NAME", .zeroOrMore, help: "Names of periodic tasks; all by default.", completion: .entry)],
            exitStatuses: [
                ExitStatus(0, "No task is late, absent or failing."), ExitStatus(1, "A task is late, absent or failing."),
                ExitStatus(64, "Usage."), ExitStatus(65, "The stored schedule cannot be read."),
                ExitStatus(69, "No beat leads, or the broker cannot be reached."), ExitStatus(78, "Configuration."),
                ExitStatus(127, "No such periodic task."),
            ],
            outputKeys: [
                OutputKey("leader, pid, since", "In the first object: the beat that leads, or null."),
                OutputKey("entry", "The name of a periodic task."),
                OutputKey("health", "One of ok, late, paused, absent, failing and waiting."),
                OutputKey("last_success, last_failure", "Time of the last run with that outcome, or null."),
                OutputKey("failures", "Number of runs that have failed in a row."),
                OutputKey("next", "Time of the next run, or of the overdue run; null while the task is paused."),
                OutputKey("paused_until, reason", "End and reason of the pause, or null."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let timetable = try Timetable(context)
        let entries = try timetable.chosen()
        let state = try await timetable.state()
        show(state.leader, context)
        let now = Timestamp.now
        let outlooks = entries.sorted { $0.name < $1.name }.map { EntryOutlook(entry: $0, record: state.records[$0.name], now: now) }
        let isWell = !outlooks.contains { $0.health.isAlarm }
        context.output.table(outlooks, ["entry", "health", "last success", "next"]) { outlook in
            [
                outlook.entry.name, outlook.health.rawValue, LocalTime.text(outlook.record?.lastSuccess), LocalTime.text(outlook.next),
            ].map(\.inOneLine)
        } object: { object($0) }
        await timetable.client.close()
        if state.leader == nil, !entries.isEmpty { return ExitCode.unreachable }
        return isWell ? ExitCode.done : ExitCode.taskFailed
    }

    private static func show(_ leader: BeatLeader?, _ context: CommandContext) {
        guard let leader else {
            return context.output.record(["leader": .null, "pid": .null, "since": .null], text: "no beat leads")
        }
        context.output.record(
            ["leader": .string(leader.name), "pid": .int(Int64(leader.pid)), "since": .string(ISO8601.text(leader.since))],
            text: "\(leader.name.inOneLine) (pid \(leader.pid)) leads since \(LocalTime.text(leader.since))")
    }

    private static func object(_ outlook: EntryOutlook) -> JSONObject {
        func time(_ value: Timestamp?) -> JSON { value.map { .string(ISO8601.text($0)) } ?? .null }
        let record = outlook.record
        return [
            "entry": .string(outlook.entry.name), "health": .string(outlook.health.rawValue),
            "last_success": time(record?.lastSuccess), "last_failure": time(record?.lastFailure), "failures": .int(Int64(record?.failures ?? 0)),
            "next": time(outlook.next),
            "paused_until": time(outlook.pause?.until), "reason": outlook.pause?.reason.map(JSON.string) ?? .null,
        ]
    }
}
