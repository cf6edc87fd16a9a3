import Arguments
import Beat
import CeleryCore
import Client
import Schedules
import Wire

/// `celery beat list`: lists the periodic tasks.
enum BeatListCommand {
    static let command = Command(
        CommandSpec(
            "list", summary: "List the periodic tasks",
            discussion: [
                "For each task, prints name, schedule, task, source file, next run, due time of the last run sent, and the state of that run as in celery status, separated by tabs.",
            ],
            exitStatuses: CeleryTable.statuses("0", "65", "77", "78"),
            outputKeys: [
                OutputKey("entry, schedule, task, source", "The name, schedule, task and source of the entry."),
                OutputKey("next", "Time of the next run; null while the entry is paused."),
                OutputKey("paused", "Whether the entry is paused."),
                OutputKey("last_due, last_sent, last_id, last_state", "The run sent last, or null."),
                OutputKey("sent, missed", "The number of runs sent, and of runs missed."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let timetable = try Timetable(context)
        let state = try await timetable.stateIfReachable()
        let now = Timestamp.now
        let states = try await lastStates(state, timetable)
        let outlooks = timetable.entries.sorted { $0.name < $1.name }.map {
            EntryOutlook(entry: $0, record: state?.records[$0.name], now: now)
        }
        context.output.table(
            outlooks, ["entry", "schedule", "task", "source", "next", "last due", "last state"],
            fields: { fields($0, states[$0.entry.name]) }, object: { object($0, states[$0.entry.name]) })
        if timetable.entries.isEmpty { context.output.note("celery beat list: no periodic tasks in \(timetable.settings.projectFolder)") }
        for warning in timetable.table.warnings { context.output.note("celery beat list: warning: \(warning)") }
        await timetable.client.close()
        return ExitCode.done
    }

    /// The state of the last run of each entry: as recorded by beat, or else as the store has it now.
    static func lastStates(_ state: BeatState?, _ timetable: Timetable) async throws -> [String: String] {
        let last = state?.records.compactMapValues(\.last) ?? [:]
        var known = last.compactMapValues(\.state?.name)
        let open = last.filter { known[$0.key] == nil }.map { (entry: $0.key, id: $0.value.id) }
        if open.isEmpty { return known }
        for (run, status) in zip(open, try await timetable.client.status(of: open.map(\.id))) { known[run.entry] = status.state.name }
        return known
    }

    private static func fields(_ outlook: EntryOutlook, _ lastState: String?) -> [String] {
        let entry = outlook.entry
        let next = outlook.pause != nil ? "paused" : LocalTime.text(outlook.next)
        return [
            entry.name, entry.periodic.schedule.description, entry.message.task, entry.source, next,
            LocalTime.text(outlook.record?.last?.due), lastState ?? "-",
        ]
    }

    private static func object(_ outlook: EntryOutlook, _ lastState: String?) -> JSONObject {
        let (entry, last) = (outlook.entry, outlook.record?.last)
        func time(_ value: Timestamp?) -> JSON { value.map { .string(ISO8601.text($0)) } ?? .null }
        return [
            "entry": .string(entry.name), "schedule": .string(entry.periodic.schedule.description),
            "task": .string(entry.message.task), "source": .string(entry.source), "next": time(outlook.next),
            "paused": .bool(outlook.pause != nil), "last_due": time(last?.due), "last_sent": time(last?.sent),
            "last_id": last.map { .string($0.id.text) } ?? .null,
            "last_state": lastState.map(JSON.string) ?? .null,
            "sent": .int(Int64(outlook.record?.sentCount ?? 0)), "missed": .int(Int64(outlook.record?.missedCount ?? 0)),
        ]
    }
}
