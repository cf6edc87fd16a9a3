import Arguments
import Beat
import CeleryCore
import Client
import Schedules
import WebServer

/// `/beat`: the periodic tasks, and what can be done to them.
struct BeatPages: Sendable {
    let dashboard: Dashboard
    private let book: TimetableBook

    init(dashboard: Dashboard) {
        self.dashboard = dashboard
        book = TimetableBook(context: dashboard.context, client: dashboard.client)
    }

    var routes: [WebRoute] {
        let name: [String: WebParameterKind] = ["name": .text(255)]
        let pause: [String: WebParameterKind] = ["for": .check { $0.isEmpty || (DurationText.seconds($0) ?? 0) > 0 }, "reason": .text(500)]
        let period: [String: WebParameterKind] = ["from": .check(Self.isTime), "to": .check(Self.isTime)]
        return [
            WebRoute("GET", "/beat", .right(.read), ["done": .check(Notices.isID)]) { call in dashboard.page(call) { try await page($0) } },
            WebRoute("POST", "/beat/:name/run", .right(.act), name) { call in act(call, "runs") { try await run($0, $1) } },
            WebRoute("POST", "/beat/:name/pause", .right(.act), name.merging(pause) { $1 }) { call in
                act(call, "pauses") { try await self.pause($0, $1, call.parameters) }
            },
            WebRoute("POST", "/beat/:name/resume", .right(.act), name) { call in act(call, "resumes") { try await resume($0, $1) } },
            WebRoute("POST", "/beat/:name/backfill", .right(.act), name.merging(period) { $1 }) { call in
                act(call, "backfills") { try await backfill($0, $1, call.parameters) }
            },
        ]
    }

    private static func isTime(_ text: String) -> Bool { text.utf8.count <= 40 && TimeText(now: .now).parse(text) != nil }

    // MARK: Page

    private func page(_ viewer: Viewer) async throws -> Page {
        let timetable = try book.timetable()
        let keeping = dashboard.client.broker as? any BeatKeeping
        let told = await dashboard.ask("keep a schedule for beat", keeping) { _ in try await timetable.state() }
        let state = told.value
        let states = try await BeatListCommand.lastStates(state, timetable)
        let outlooks = timetable.entries.sorted { $0.name < $1.name }.map {
            EntryOutlook(entry: $0, record: state?.records[$0.name], now: viewer.now)
        }
        var sheet = Sheet(
            caption: "Periodic tasks",
            headings: ["Name", "Schedule", "Task", "Health", "Next", "Last due", "Last run", "Sent", "Missed", Sheet.actions],
            numbers: [7, 8], empty: "No periodic tasks in this project.")
        for outlook in outlooks { sheet.rows.append(row(outlook, states[outlook.entry.name], viewer)) }
        var notes = timetable.table.warnings.map { Shown.missing($0.forLog) }
        if case .not(let reason) = told { notes.append(Shown.missing("\(reason); runs and pauses are not known")) }
        return Page(title: "Beat", area: .beat, body: "\(leader(told, viewer.now))\(sheet.html)\(notes)\(ShellLine.html("celery beat status"))")
    }

    private func leader(_ told: Told<BeatState>, _ now: Timestamp) -> HTML {
        guard let state = told.value else { return "" }
        guard let leader = state.leader else {
            return "<p>\(Shown.mark("no beat leads", isAlarm: true)) Nothing is sent until one is started: <code>celery beat</code></p>"
        }
        return "<p>\(leader.name.forLog) (process \(leader.pid)) leads since \(Shown.time(leader.since, now)).</p>"
    }

    private func row(_ outlook: EntryOutlook, _ lastState: String?, _ viewer: Viewer) -> [HTML] {
        let (entry, record) = (outlook.entry, outlook.record)
        let last: HTML = record?.last.map { run in
            "\(Shown.task(run.id)) \(lastState.map { Shown.state($0) })"
        } ?? "-"
        return [
            HTML(entry.name.forLog), Shown.code(entry.periodic.schedule.description.forLog), HTML(entry.message.task.forLog), health(outlook),
            Shown.ago(outlook.next, viewer.now), Shown.ago(record?.last?.due, viewer.now), last, Shown.count(record?.sentCount),
            Shown.count(record?.missedCount), PageAction.html(actions(outlook), viewer),
        ]
    }

    private func health(_ outlook: EntryOutlook) -> HTML {
        let word = Shown.mark(outlook.health.rawValue, isAlarm: outlook.health.isAlarm)
        guard let pause = outlook.pause else { return word }
        let end: HTML? = pause.until.map { " until \(LocalTime.text($0))" }
        let reason: HTML? = pause.reason.map { ": \($0.forLog)" }
        return "\(word)\(end)\(reason)"
    }

    private func actions(_ outlook: EntryOutlook) -> [PageAction] {
        let name = outlook.entry.name
        func action(_ verb: String, _ word: String, fields: HTML = "", more: String = "", warning: String? = nil) -> PageAction {
            PageAction(
                verb: verb, object: name, path: PagePath("beat", name, word), command: ShellLine.of("celery", "beat", word, name) + more,
                fields: fields, warning: warning)
        }
        let pause = outlook.pause != nil
            ? action("Resume", "resume")
            : action(
                "Pause", "pause", fields: "\(Field.text("for", "For", hint: "2h, or empty"))\(Field.text("reason", "Reason"))",
                more: " [--for TIME] [--reason TEXT]", warning: "Runs that are due meanwhile are not made up for.")
        return [
            action("Run", "run", warning: "Sends it now, in addition to its schedule."), pause,
            action(
                "Backfill", "backfill",
                fields: "\(Field.text("from", "From", hint: "yesterday", isRequired: true))\(Field.text("to", "To", value: "now", isRequired: true))",
                more: " FROM TO", warning: "Sends the runs that were due in that period and are not known."),
        ]
    }

    // MARK: Actions

    private func act(
        _ call: WebCall, _ verb: String, _ work: @escaping @Sendable (Timetable, Entry) async throws -> Notice
    ) -> WebServer.Reply {
        let name = call.parameters["name"] ?? ""
        return dashboard.act(call, "\(verb) periodic task \(name.forLog)", back: PagePath("beat")) {
            let timetable = try book.timetable()
            return try await work(timetable, try timetable.entry(name))
        }
    }

    private func run(_ timetable: Timetable, _ entry: Entry) async throws -> Notice {
        let message = entry.messageOutOfTurn(now: .now)
        try await timetable.client.publish([message])
        return Notice("Sent \(entry.name.forLog) as \(message.id).", command: ShellLine.of("celery", "beat", "run", entry.name))
    }

    private func pause(_ timetable: Timetable, _ entry: Entry, _ parameters: WebParameters) async throws -> Notice {
        let now = Timestamp.now
        let (length, reason) = (parameters["for"] ?? "", parameters["reason"] ?? "")
        let end = DurationText.seconds(length).map { now + .seconds($0) }
        let pause = EntryPause(since: now, until: end, reason: reason.isEmpty ? nil : reason)
        try await timetable.keeping.tell(.pause(entry: entry.name, pause), in: timetable.beat)
        var words = ["celery", "beat", "pause", entry.name]
        if end != nil { words += ["--for", length] }
        if !reason.isEmpty { words += ["--reason", reason] }
        return Notice("Paused \(entry.name.forLog)\(end.map { " until \(LocalTime.text($0))" } ?? "").", command: ShellLine.of(words))
    }

    private func resume(_ timetable: Timetable, _ entry: Entry) async throws -> Notice {
        try await timetable.keeping.tell(.resume(entry: entry.name), in: timetable.beat)
        return Notice("Resumed \(entry.name.forLog).", command: ShellLine.of("celery", "beat", "resume", entry.name))
    }

    private func backfill(_ timetable: Timetable, _ entry: Entry, _ parameters: WebParameters) async throws -> Notice {
        let now = Timestamp.now
        let (first, last) = (parameters["from"] ?? "", parameters["to"] ?? "")
        guard let from = TimeText(now: now).parse(first), let to = TimeText(now: now).parse(last) else { throw WebRefusal(400, "both times are needed") }
        guard from <= to, to <= now else { throw WebRefusal(400, "the period must be in the past, and begin before it ends") }
        let due = Backfill.due(entry, from: from, to: to, limit: Backfill.limit + 1)
        guard due.count <= Backfill.limit else {
            throw WebRefusal(400, "more than \(Backfill.limit) runs were due then; choose a shorter period, or use celery beat backfill --force")
        }
        let backfill = Backfill(entry: entry, client: timetable.client, beat: timetable.beat, now: now)
        var sent = 0
        for start in stride(from: 0, to: due.count, by: Backfill.chunk) {
            let runs = try await backfill.send(Array(due[start..<min(start + Backfill.chunk, due.count)]))
            sent += runs.count { $0.reason == nil }
        }
        let known = due.count - sent
        return Notice(
            "Sent \(Shown.number(sent, "run")) of \(entry.name.forLog)\(known > 0 ? "; \(known) were known already" : "").",
            command: ShellLine.of("celery", "beat", "backfill", entry.name, first, last))
    }
}
