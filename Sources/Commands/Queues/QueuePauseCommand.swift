import Arguments
import CeleryCore
import Client
import Glibc
import Processes
import Tasks
import Wire

/// `celery queues pause` and `celery queues resume`.
enum QueuePauseCommand {
    static let reason = Option.value("reason", placeholder: "TEXT", .nonEmptyText, help: "The reason, which celery queues shows.")
    static let until = Option.value(
        "until", placeholder: "TIME", .time,
        help: "Resume automatically at TIME: ISO 8601, HH:MM, or 'tomorrow 06:00', in the local time zone unless TIME names another.")
    static let length = Option.value(
        "for", placeholder: "S", .duration, help: "Resume automatically after this time, in seconds or as 90s, 10m, 2h, 1d.")

    private static let names = [Operand("NAME", .oneOrMore, help: "Names of queues.", completion: .queue)]
    private static let statuses = CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78")

    static let pause = Command(
        CommandSpec(
            "pause", summary: "Stop all workers from consuming queues until they are resumed",
            discussion: [
                "Running tasks continue; messages that workers have received but not started are requeued. Queues still accept messages. The pause also applies to workers that start later. A queue that nothing is known of is paused with a warning.",
                "On RabbitMQ pauses are stored in the stream celery.orders (RabbitMQ 3.9 or later). Python's workers do not know of pauses; use celery control cancel_consumer for them.",
            ],
            options: [reason.description, until.description, length.description], operands: names, exitStatuses: statuses,
            outputKeys: [
                OutputKey("queue", "The name of the queue."), OutputKey("paused", "True."),
                OutputKey("until, reason", "As given, or null."),
            ]),
        run: runPause)

    static let resume = Command(
        CommandSpec(
            "resume", summary: "Let workers consume paused queues again", operands: names,
            exitStatuses: statuses + [ExitStatus(127, "A queue is not paused; the others are resumed.")],
            outputKeys: [OutputKey("queue", "The name of the queue."), OutputKey("paused", "False.")]),
        run: runResume)

    private static func runPause(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        if arguments.isGiven(until), arguments.isGiven(length) { throw ArgumentError("--until and --for exclude each other") }
        let now = Timestamp.now
        let end = arguments[until] ?? arguments[length].map { now + $0 }
        if let end, end <= now { throw ArgumentError("the time to resume, \(LocalTime.text(end)), is in the past") }
        let pause = QueuePause(since: now, until: end, reason: arguments[reason], by: userAtHost)
        let queues = try names(arguments)
        let client = try context.client(try context.settings(), willSend: true)
        let pausing = try pausing(client)
        for queue in queues {
            if let warning = try await warning(of: queue, context, client) { context.output.note("celery queues pause: warning: \(warning)") }
            try await pausing.pause(queue, pause)
            context.output.record(
                [
                    "queue": .string(queue), "paused": true, "until": end.map { .string(ISO8601.text($0)) } ?? .null,
                    "reason": pause.reason.map(JSON.string) ?? .null,
                ], text: "\(queue)\tpaused" + (end.map { " until \(LocalTime.text($0))" } ?? ""))
        }
        await client.close()
        return ExitCode.done
    }

    /// What to say of a queue that nothing is known of: its name may be misspelt. It is paused nevertheless, as it may come to be.
    private static func warning(of queue: String, _ context: CommandContext, _ client: Client) async throws -> String? {
        let settings = client.settings
        let ofTasks = try context.registry(settings).registry.sorted.compactMap(\.options.queue)
        let named = ([settings.defaultQueue] + settings.queues + settings.queueDefinitions.keys.sorted() + ofTasks).distinct
        guard !named.contains(queue), let counting = client.broker as? any QueueCounting,
            try await counting.count(of: queue) == nil
        else { return nil }
        let known = (named + (try await counting.queues().map(\.name))).distinct
        let nearest = NearestName.suggest(queue, among: known).map { "; did you mean '\($0)'?" } ?? ""
        return "queue '\(queue.forLog)' has neither messages nor workers, and neither the settings nor a task name it\(nearest)"
    }

    private static func runResume(_ context: CommandContext) async throws -> Int32 {
        let queues = try names(context.arguments)
        let client = try context.client(try context.settings(), willSend: true)
        let pausing = try pausing(client)
        var missing: [String] = []
        for queue in queues {
            guard try await pausing.resume(queue) else {
                missing.append(queue)
                continue
            }
            context.output.record(["queue": .string(queue), "paused": false], text: "\(queue)\tresumed")
        }
        await client.close()
        guard missing.isEmpty else {
            let those = missing.map { "'\($0)'" }.joined(separator: ", ")
            throw CommandError(ExitCode.unknown, "queue\(missing.count == 1 ? "" : "s") \(those) \(missing.count == 1 ? "is" : "are") not paused")
        }
        return ExitCode.done
    }

    private static func names(_ arguments: ParsedArguments) throws -> [String] {
        let names = arguments.operands.map { $0 }.distinct
        for name in names {
            guard let rule = BrokerName.existingQueue.rule(brokenBy: name) else { continue }
            throw ArgumentError("\(ArgumentError.quote(name)) is not the name of a queue; write \(rule)")
        }
        return names
    }

    private static func pausing(_ client: Client) throws -> any QueuePausing {
        guard let pausing = client.broker as? any QueuePausing else {
            throw DriverError.lacks("pause queues", client.broker.location)
        }
        return pausing
    }

    /// The user and host that paused the queue. The corresponding C function is `getpwuid`.
    private static var userAtHost: String {
        let name = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "\(getuid())"
        return "\(name)@\(HostName.current)"
    }
}
