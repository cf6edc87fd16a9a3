import Arguments
import Beat
import CeleryCore
import Client
import Wire

/// `celery beat status`: whether periodic tasks are sent in time.
enum BeatStatusCommand {
    static let command = Command(
        CommandSpec(
            "status", summary: "Tell whether periodic tasks are sent in time",
            discussion: [
                "The first line tells which beat leads. Then of each periodic task, with tabs between: its name, how it is, the time of its last success, and when it runs next.",
                "It is ok; late when a run should have been sent half a minute ago and was not; paused; absent when no run has succeeded for longer than expect_within says; or waiting while it has not been due yet.",
            ],
            operands: [Operand("NAME", .zeroOrMore, help: "Names of periodic tasks; all by default.", completion: .entry)],
            exitStatuses: [
                ExitStatus(0, "All is well, or there are no periodic tasks."), ExitStatus(1, "A run is late, or a task absent."),
                ExitStatus(64, "Usage."), ExitStatus(65, "What is written down of periodic tasks cannot be read."),
                ExitStatus(69, "No beat leads; or the broker cannot be reached."), ExitStatus(78, "Configuration."),
                ExitStatus(127, "No such periodic task."),
            ],
            outputKeys: [
                OutputKey("leader, pid, since", "In the first object: the beat that leads, or null."),
                OutputKey("entry", "The name of a periodic task."),
                OutputKey("health", "One of ok, late, paused, absent and waiting."),
                OutputKey("last_success, last_failure", "When runs last ended so, or null."),
                OutputKey("next", "When it runs next, or should have run; null while it is paused."),
                OutputKey("paused_until, reason", "Of a pause, or null."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let timetable = try Timetable(context)
        let entries = try timetable.chosen()
        let state = try await timetable.state()
        show(state.leader, context)
        let now = Timestamp.now
        var isWell = true
        for entry in entries.sorted(by: { $0.name < $1.name }) {
            let outlook = EntryOutlook(entry: entry, record: state.records[entry.name], now: now)
            if outlook.health == .late || outlook.health == .absent { isWell = false }
            context.output.record(
                object(outlook),
                text: [
                    entry.name, outlook.health.rawValue, LocalTime.text(outlook.record?.lastSuccess), LocalTime.text(outlook.next),
                ].row)
        }
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
            "last_success": time(record?.lastSuccess), "last_failure": time(record?.lastFailure), "next": time(outlook.next),
            "paused_until": time(outlook.pause?.until), "reason": outlook.pause?.reason.map(JSON.string) ?? .null,
        ]
    }
}
