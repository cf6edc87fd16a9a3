import Arguments
import CeleryCore
import Client

/// `celery events`: what happens to workers and tasks.
enum EventsCommand {
    static let follow = Option.flag(
        "follow", short: "f", aliases: ["dump"], help: "Go on with what happens from now on, until interrupted.")
    static let after = Option.value(
        "after", placeholder: "CURSOR", .nonEmptyText, help: "Begin after the event with this cursor, as --json shows it.")
    static let since = Option.value(
        "since", placeholder: "TIME|S", .timeOrAge, help: "Begin with what happened at this time, or so long ago.")
    static let types = Option.values(
        "type", placeholder: "TYPE", .eventType,
        help: "Only events of this type, such as task-failed, or of all that begin with it, such as task or worker.",
        completion: .values(["task", "worker"] + EventFilter.knownTypes))
    static let tasks = Option.values(
        "task", placeholder: "NAME", .nonEmptyText,
        help: "Only events of tasks of this name; * and ? stand for other signs.", completion: .task)
    static let ids = Option.values(
        "id", placeholder: "ID", .taskID, help: "Only events of the task of this id.", completion: .taskID)

    static let command = Command(
        CommandSpec(
            "events", section: "Workers", summary: "Show what happens to workers and tasks",
            discussion: [
                "Prints the events that are kept, oldest first; with --follow, those that happen from now on, until interrupted. Both together is --follow with --since or --after.",
                "Every worker tells that it lives, ours and Python's. Of tasks it tells with 'celery celeryd -E', CELERY_SEND_EVENTS, or after 'celery control enable_events'; clients tell what they send with CELERY_SEND_TASK_SENT_EVENT.",
                "A line of text has the time, the type, who tells, the id and the name of the task, and what else there is to say, with tabs between. With --json it is the event of Celery as it was sent, and its cursor: '--follow --after CURSOR' goes on after it, with nothing lost and nothing twice. What is no longer kept is told of as a gap: on stderr, and with --json in a line of its own.",
                "A SQLite file keeps events as CELERY_EVENT_LOG says; of the heartbeats of a worker it keeps the last. RabbitMQ keeps them in a stream, celery.events, which the first worker that tells of its tasks makes; without it only --follow is possible, and has no cursors.",
            ],
            options: [follow.description, after.description, since.description, types.description, tasks.description, ids.description],
            examples: [
                Example("celery events --follow", "Show what happens, until Ctrl-C."),
                Example("celery events --since 1h --type task-failed", "Show what failed in the last hour."),
                Example("celery events --id 0193...", "Show what happened to a task."),
                Example("celery events --follow --json --after 4711 >>events.json", "Go on where an earlier run stopped."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "77", "78", "128+n"),
            outputKeys: [
                OutputKey("type, hostname, timestamp, pid, clock, utcoffset", "What happened, who tells, when (Unix seconds), and as what; clock is logical time, utcoffset hours west."),
                OutputKey("uuid, name, args, kwargs, result, runtime, exception, traceback, ...", "Of a task, as its type has them."),
                OutputKey("freq, active, processed, loadavg, sw_ident, sw_ver, sw_sys", "Of a worker."),
                OutputKey("cursor", "For --after; null where events are not kept."),
                OutputKey("type gap, lost, reason", "In place of events that are no longer there: how many, or null, and why."),
            ],
            notes: [
                "Only the first events of a task have its name. With SQLite it is looked up; with RabbitMQ a task that began before the first event that is read has none, and is not among those that --task chooses.",
                "A connection to RabbitMQ that is lost is made anew, which stderr tells. From the stream nothing is missed meanwhile.",
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        if arguments.isGiven(after), arguments.isGiven(since) {
            throw CommandError(ExitCode.usage, "--after and --since both say where to begin", hint: "leave one of them out")
        }
        let client = try context.client(try context.settings())
        warn(of: EventFilter.unknown(arguments[types]), context)
        let printer = EventPrinter(output: context.output)
        var filter = EventFilter(
            types: arguments[types], tasks: arguments[tasks], ids: Set(arguments[ids]), reading: client.broker as? any EventReading)
        if !arguments[follow], !arguments.isGiven(after), !arguments.isGiven(since), !arguments[ids].isEmpty, let reading = filter.reading {
            for recorded in try await reading.events(of: arguments[ids]) {
                if let name = await filter.passes(recorded.event) { printer.print(recorded, task: name) }
            }
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
        let feed = try await open(following, context.arguments)
        while true {
            let piece = try await feed.next(until: goesOn ? nil : .now + feed.patience)
            for notice in piece.notices { context.output.note("celery events: \(notice.text)") }
            if let gap = piece.gap { printer.print(gap) }
            for recorded in piece.events {
                if let name = await filter.passes(recorded.event) { printer.print(recorded, task: name) }
            }
            context.output.flush()
            // What is kept has come; where workers are busy there is always more.
            if !goesOn, piece.isEmpty || piece.events.contains(where: { $0.event.time > begun }) { break }
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
    /// The type of events, or its beginning: tasks may send other types than those of workers, in words with hyphens between.
    fileprivate static var eventType: Self {
        Self { (text) throws(InvalidValue) in
            let isWord = text.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || $0.properties.numericType != nil || "-_.".unicodeScalars.contains($0) }
            guard !text.isEmpty, isWord else {
                throw InvalidValue("is no type of events", advice: "write \(EventFilter.knownTypes.joined(separator: ", ")), or how they begin: task, worker")
            }
            return text
        }
    }
}

extension ValueParser where Value == Timestamp {
    /// A point in time, or a number of seconds or a duration before now.
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
