import Arguments
import CeleryCore
import Client

/// `celery events`: shows events of workers and tasks.
enum EventsCommand {
    static let follow = Option.flag(
        "follow", short: "f", aliases: ["dump"], help: "Print new events as they happen, until interrupted.")
    static let after = Option.value(
        "after", placeholder: "CURSOR", .nonEmptyText, help: "Start after the event with this cursor, as shown by --json.")
    static let since = Option.value(
        "since", placeholder: "TIME|S", .timeOrAge, help: "Start with events at this time, or from this long ago.")
    static let types = Option.values(
        "type", placeholder: "TYPE", .eventType,
        help: "Only events of this type, such as task-failed, or with this prefix, such as task or worker.",
        completion: .values(["task", "worker"] + EventFilter.knownTypes))
    static let tasks = Option.values(
        "task", placeholder: "NAME", .nonEmptyText,
        help: "Only events of tasks with this name, which may contain the wildcards * and ?.", completion: .task)
    static let ids = Option.values(
        "id", placeholder: "ID", .taskID, help: "Only events of the task with this id.", completion: .taskID)

    static let command = Command(
        CommandSpec(
            "events", section: "Workers", summary: "Show events of workers and tasks",
            discussion: [
                "Prints the stored events, oldest first; with --follow, prints new events until interrupted. Combine --follow with --since or --after to see both.",
                "All workers send heartbeats, including Python's. They send task events with 'celery celeryd -E', CELERY_SEND_EVENTS, or after 'celery control enable_events'; clients send task-sent events with CELERY_SEND_TASK_SENT_EVENT.",
                "A line of text contains the time, type, sender, task id, task name and details of an event, separated by tabs. With --json a line contains the event as Celery sent it, with a cursor: '--follow --after CURSOR' continues after that event without losing or repeating any. Events that are no longer stored are reported as a gap on stderr, and with --json also in a line of its own.",
                "A SQLite file stores events within the limits of CELERY_EVENT_LOG, and only the last heartbeat of each worker. RabbitMQ stores events in the stream celery.events, which the first worker that sends task events declares; without the stream only --follow is possible, and there are no cursors.",
            ],
            options: [follow.description, after.description, since.description, types.description, tasks.description, ids.description],
            examples: [
                Example("celery events --follow", "Show new events until Ctrl-C."),
                Example("celery events --since 1h --type task-failed", "Show the failures of the last hour."),
                Example("celery events --id 0193...", "Show the events of a task."),
                Example("celery events --follow --json --after 4711 >>events.json", "Continue after the last event of an earlier run."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "77", "78", "128+n"),
            outputKeys: [
                OutputKey("type, hostname, timestamp, pid, clock, utcoffset", "Type, sender, time in Unix seconds, and process of the event; clock is the logical time, utcoffset the hours west of UTC."),
                OutputKey("uuid, name, args, kwargs, result, runtime, exception, traceback, ...", "Details of a task event, depending on its type. Secret values of arguments are ***; arguments that are left out are null."),
                OutputKey("lost, queues, started", "In the worker-offline event of a worker that was killed or cut off: true, its queues, and when it started, in Unix seconds."),
                OutputKey("freq, active, processed, loadavg, sw_ident, sw_ver, sw_sys", "Details of a worker event."),
                OutputKey("cursor", "The cursor for --after; null if events are not stored."),
                OutputKey("type gap, lost, reason", "A gap: the number of lost events, or null, and the reason."),
            ],
            notes: [
                "A worker that was killed, or cut off from the broker, sends no event: another worker that uses the SQLite file, or the RabbitMQ server, sends worker-offline in its name, with lost=true.",
                "Only the first events of a task contain its name. With SQLite the name is looked up. With RabbitMQ a task that began before the first event read has no name, and --task does not select it.",
                "A lost connection to RabbitMQ is reopened, with a note on stderr. No event of the stream is missed meanwhile.",
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        if arguments.isGiven(after), arguments.isGiven(since) {
            throw CommandError(ExitCode.usage, "--after and --since exclude each other", hint: "give one of them")
        }
        let settings = try context.settings()
        let client = try context.client(settings)
        warn(of: EventFilter.unknown(arguments[types]), context)
        let printer = EventPrinter(output: context.output, redaction: settings.redaction)
        var filter = EventFilter(
            types: arguments[types], tasks: arguments[tasks], ids: Set(arguments[ids]), reading: client.broker as? any EventReading)
        if !arguments[follow], !arguments.isGiven(after), !arguments.isGiven(since), !arguments[ids].isEmpty, let reading = filter.reading {
            let stored = try await reading.events(of: arguments[ids])
            for recorded in stored {
                if let name = await filter.passes(recorded.event) { printer.print(recorded, task: name) }
            }
            if stored.isEmpty { context.output.note("hint: no events of \(arguments[ids].count == 1 ? "this task" : "these tasks") are stored; \(MissingTaskEvents.advice)") }
        } else {
            try await show(client.broker, &filter, printer, context)
        }
        context.output.flush()
        await client.close()
        return ExitCode.done
    }

    private static func warn(of types: [String], _ context: CommandContext) {
        for type in types {
            let near = NearestName.suggest(type, among: EventFilter.knownTypes).map { "; did you mean '\($0)'?" } ?? ""
            context.output.note("celery events: warning: no worker sends events of type '\(type)', unless a task does so itself\(near)")
        }
        if !types.isEmpty { context.output.note("hint: workers send \(EventFilter.knownTypes.joined(separator: ", "))") }
    }

    private static func show(
        _ broker: any Broker, _ filter: inout EventFilter, _ printer: EventPrinter, _ context: CommandContext
    ) async throws {
        guard let following = broker as? any EventFollowing else { throw DriverError.lacks("follow events", broker.location) }
        let begun = Timestamp.now
        let goesOn = context.arguments[follow]
        let wantsTasks = context.arguments[types].isEmpty || context.arguments[types].contains { $0 == "task" || $0.hasPrefix("task-") }
        var missing = MissingTaskEvents()
        let feed = try await open(following, context.arguments)
        while true {
            let piece = try await feed.next(until: goesOn ? nil : .now + feed.patience)
            for notice in piece.notices { context.output.note("celery events: \(notice.text)") }
            if let gap = piece.gap { printer.print(gap) }
            for recorded in piece.events {
                if let name = await filter.passes(recorded.event) { printer.print(recorded, task: name) }
                if let hint = missing.note(recorded.event), goesOn, wantsTasks { context.output.note(hint) }
            }
            context.output.flush()
            // Stop at the first event newer than this command: with busy workers there is always another.
            if !goesOn, piece.isEmpty || piece.events.contains(where: { $0.event.time > begun }) { break }
        }
        if !goesOn, wantsTasks, !missing.hasSeenTask {
            context.output.note("hint: no events about tasks are stored for this time; \(MissingTaskEvents.advice)")
        }
        await feed.close()
    }

    private static func open(_ following: any EventFollowing, _ arguments: ParsedArguments) async throws -> any EventFeed {
        if let cursor = arguments[after] {
            do {
                return try await following.events(from: .after(cursor))
            } catch let error as DriverError where error.code == .refused {
                throw CommandError(ExitCode.usage, error.message, hint: error.hint)
            }
        }
        if let time = arguments[since] { return try await following.events(from: .since(time)) }
        return try await following.events(from: arguments[follow] ? .now : .oldest)
    }
}

extension ValueParser where Value == String {
    /// An event type or its prefix: words with hyphens between, since tasks may send types of their own.
    fileprivate static var eventType: Self {
        Self { (text) throws(InvalidValue) in
            let isWord = text.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || $0.properties.numericType != nil || "-_.".unicodeScalars.contains($0) }
            guard !text.isEmpty, isWord else {
                throw InvalidValue("is not an event type", advice: "write \(EventFilter.knownTypes.joined(separator: ", ")), or a prefix: task, worker")
            }
            return text
        }
    }
}

extension ValueParser where Value == Timestamp {
    /// A point in time, or an age in seconds or as a duration.
    static var timeOrAge: Self {
        Self { (text) throws(InvalidValue) in
            if let seconds = DurationText.seconds(text) { return Timestamp(seconds: Timestamp.now.seconds - seconds) }
            guard let time = TimeText().parse(text) else {
                throw InvalidValue("is neither a duration nor a time", advice: "write 90s, 10m, or 2030-01-31T06:00")
            }
            return time
        }
    }
}
