import CeleryCore
import Client
import WebServer

/// `/queues` and what can be done to a queue.
struct QueuesPages: Sendable {
    let dashboard: Dashboard

    private var client: Client { dashboard.client }

    /// Messages that a look at a queue shows.
    private static let peek = 25
    private static let patience: Duration = .milliseconds(100)

    var routes: [WebRoute] {
        let name: [String: WebParameterKind] = ["name": .check { BrokerName.existingQueue.isValid($0) }]
        let pause: [String: WebParameterKind] = ["for": .check { $0.isEmpty || Self.duration($0) != nil }, "reason": .text(500)]
        return [
            WebRoute("GET", "/queues", .right(.read), ["done": .check(Notices.isID)]) { call in dashboard.page(call) { try await page($0) } },
            WebRoute("GET", "/queues/:name", .right(.read), name.merging(["done": .check(Notices.isID)]) { $1 }) { call in
                dashboard.page(call) { try await look(call.parameters["name"] ?? "", $0) }
            },
            WebRoute("POST", "/queues/:name/purge", .right(.act), name) { call in
                act(call, "purges") { try await purge($0) }
            },
            WebRoute("POST", "/queues/:name/pause", .right(.act), name.merging(pause) { $1 }) { call in
                act(call, "pauses") { try await self.pause($0, call) }
            },
            WebRoute("POST", "/queues/:name/resume", .right(.act), name) { call in
                act(call, "resumes") { try await resume($0) }
            },
        ]
    }

    private static func duration(_ text: String) -> Double? { DurationText.seconds(text).flatMap { $0 > 0 ? $0 : nil } }

    private func act(_ call: WebCall, _ verb: String, _ work: @escaping @Sendable (String) async throws -> Notice) -> WebServer.Reply {
        let name = call.parameters["name"] ?? ""
        return dashboard.act(call, "\(verb) queue \(name.forLog)", back: PagePath("queues")) { try await work(name) }
    }

    // MARK: Pages

    private func page(_ viewer: Viewer) async throws -> Page {
        let reading = try await QueueReading(dashboard)
        var sheet = Sheet(
            caption: "Queues", headings: ["Queue", "Ready", "Scheduled", "Running", "Consumers", "Oldest", "State", Sheet.actions],
            numbers: [1, 2, 3, 4], empty: "No queue has messages or consumers.")
        for queue in reading.queues {
            let pause = reading.pauses[queue.name]
            sheet.rows.append([
                Shown.queue(queue.name), "\(queue.ready)", Shown.count(queue.scheduled), Shown.count(queue.running), "\(queue.consumers)",
                reading.ages.value.map { Shown.ago($0[queue.name], viewer.now) } ?? Shown.count(nil), state(queue, pause, viewer.now),
                PageAction.html(actions(queue.name, isPaused: pause != nil), viewer),
            ])
        }
        var notes = reading.troubles.map { Shown.missing($0.forLog) }
        if case .not(let reason) = reading.ages { notes.append(Shown.missing(reason)) }
        if !reading.tellsAll {
            notes.append(Shown.missing("\(client.broker.location) tells only of the queues in the settings, and not how many of their messages are scheduled or run"))
        }
        return Page(title: "Queues", area: .queues, body: "\(sheet.html)\(notes)\(ShellLine.html("celery queues"))")
    }

    private func state(_ queue: QueueCount, _ pause: QueuePause?, _ now: Timestamp) -> HTML {
        if let pause {
            let end: HTML = pause.until.map { " until \(LocalTime.text($0))" } ?? ""
            let reason: HTML? = pause.reason.map { ": \($0.forLog)" }
            return "\(Shown.mark("paused", isAlarm: true))\(end)\(reason) (\(pause.by.map { "\($0.forLog), " } ?? "")\(Shown.ago(pause.since, now)))"
        }
        return queue.consumers == 0 && queue.ready > 0 ? Shown.mark("no worker", isAlarm: true) : ""
    }

    private func actions(_ name: String, isPaused: Bool) -> [PageAction] {
        let resume = PageAction(
            verb: "Resume", object: "queue \(name)", path: PagePath("queues", name, "resume"),
            command: ShellLine.of("celery", "queues", "resume", name))
        let pause = PageAction(
            verb: "Pause", object: "queue \(name)", path: PagePath("queues", name, "pause"),
            command: ShellLine.of("celery", "queues", "pause", name) + " [--for TIME] [--reason TEXT]",
            fields: "\(Field.text("for", "For", hint: "2h, or empty"))\(Field.text("reason", "Reason"))",
            warning: "Running tasks go on; no worker takes more from the queue.")
        let purge = PageAction(
            verb: "Purge", object: "queue \(name)", path: PagePath("queues", name, "purge"),
            command: ShellLine.of("celery", "purge", "-Q", name, "--force"), isDangerous: true,
            warning: "Erases all messages that wait in the queue, for good.")
        return [isPaused ? resume : pause, purge]
    }

    /// A queue and its newest messages.
    private func look(_ name: String, _ viewer: Viewer) async throws -> Page {
        let reading = try await QueueReading(dashboard)
        guard let queue = reading.queues.first(where: { $0.name == name }) else {
            return Page(
                title: "Queue \(name.forLog)", area: .queues,
                body: "<p>The queue has neither messages nor consumers, as far as the broker can tell.</p>\(PageAction.html(actions(name, isPaused: false), viewer))")
        }
        let pause = reading.pauses[name]
        var filter = TaskFilter()
        filter.redaction = client.settings.redaction
        (filter.queue, filter.phases) = (name, [.queued, .scheduled, .retry])
        let found = client.knownOfWaiting == .all
            ? try await client.taskPage(filter, at: TaskPlace(), limit: Self.peek, within: Self.patience).tasks.map(dashboard.shown) : nil
        let messages: HTML = found.map {
            TaskSheet(redaction: client.settings.redaction, caption: "Waiting messages").html($0, viewer.now, "No message waits.")
        } ?? Shown.missing("\(client.broker.location) cannot show the messages in a queue")
        return Page(
            title: "Queue \(name.forLog)", area: .queues,
            body: """
                \(Shown.list([
                    ("Ready", "\(queue.ready)"), ("Scheduled", Shown.count(queue.scheduled)), ("Running", Shown.count(queue.running)),
                    ("Consumers", "\(queue.consumers)"),
                    ("Oldest", reading.ages.value.map { Shown.ago($0[name], viewer.now) } ?? Shown.count(nil)),
                    ("State", state(queue, pause, viewer.now)),
                ]))
                \(PageAction.html(actions(name, isPaused: pause != nil), viewer))
                \(Shown.section("The newest messages", messages))
                <p><a href="\(PagePath("tasks", query: ["queue": name]))">All tasks of this queue</a></p>
                \(ShellLine.html(ShellLine.of("celery", "list", "--queue", name, "--state", "waiting,retry")))
                """)
    }

    // MARK: Actions

    private func purge(_ name: String) async throws -> Notice {
        guard let purging = client.broker as? any QueuePurging else { throw DriverError.lacks("purge queues", client.broker.location) }
        let counts = try await purging.purge([name])
        guard let count = counts[name] else { throw WebRefusal(404, "there is no such queue") }
        return Notice(
            "Erased \(Shown.number(count, "message")) from queue \(name.forLog).", command: ShellLine.of("celery", "purge", "-Q", name, "--force"))
    }

    private func pause(_ name: String, _ call: WebCall) async throws -> Notice {
        guard let pausing = client.broker as? any QueuePausing else { throw DriverError.lacks("pause queues", client.broker.location) }
        let now = Timestamp.now
        let (length, reason) = (call.parameters["for"] ?? "", call.parameters["reason"] ?? "")
        let end = Self.duration(length).map { now + .seconds($0) }
        try await pausing.pause(name, QueuePause(since: now, until: end, reason: reason.isEmpty ? nil : reason, by: "\(call.identity.name) by celery web"))
        var words = ["celery", "queues", "pause", name]
        if end != nil { words += ["--for", length] }
        if !reason.isEmpty { words += ["--reason", reason] }
        return Notice("Paused queue \(name.forLog)\(end.map { " until \(LocalTime.text($0))" } ?? "").", command: ShellLine.of(words))
    }

    private func resume(_ name: String) async throws -> Notice {
        guard let pausing = client.broker as? any QueuePausing else { throw DriverError.lacks("pause queues", client.broker.location) }
        let command = ShellLine.of("celery", "queues", "resume", name)
        guard try await pausing.resume(name) else { return Notice("Queue \(name.forLog) was not paused.", command: command) }
        return Notice("Resumed queue \(name.forLog).", command: command)
    }
}
