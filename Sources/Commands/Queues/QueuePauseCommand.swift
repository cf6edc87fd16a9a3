import Arguments
import CeleryCore
import Client
import Glibc
import Processes
import Wire

/// `celery queues pause` and `celery queues resume`.
enum QueuePauseCommand {
    static let reason = Option.value("reason", placeholder: "TEXT", .nonEmptyText, help: "Why; celery queues tells it.")
    static let until = Option.value(
        "until", placeholder: "TIME", .time,
        help: "Resume by itself at TIME: ISO 8601, HH:MM, or 'tomorrow 06:00', in the local zone unless one is written.")
    static let length = Option.value(
        "for", placeholder: "S", .duration, help: "Resume by itself after so long, in seconds or as 90s, 10m, 2h, 1d.")

    private static let names = [Operand("NAME", .oneOrMore, help: "Names of queues.", completion: .queue)]
    private static let statuses = CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78")

    static let pause = Command(
        CommandSpec(
            "pause", summary: "Have all workers take nothing from queues, until they are resumed",
            discussion: [
                "What runs goes on to its end; what workers have taken and not begun goes back. Messages are accepted as before, and wait. It holds for workers that start later, too.",
                "On RabbitMQ it is kept in the stream celery.orders (RabbitMQ 3.9 or later). Python's workers know nothing of it and go on: celery control cancel_consumer is for them.",
            ],
            options: [reason.description, until.description, length.description], operands: names, exitStatuses: statuses,
            outputKeys: [
                OutputKey("queue", "Its name."), OutputKey("paused", "True."),
                OutputKey("until, reason", "As they were given, or null."),
            ]),
        run: runPause)

    static let resume = Command(
        CommandSpec(
            "resume", summary: "Have workers take from paused queues again", operands: names,
            exitStatuses: statuses + [ExitStatus(127, "A queue is not paused; the others are resumed.")],
            outputKeys: [OutputKey("queue", "Its name."), OutputKey("paused", "False.")]),
        run: runResume)

    private static func runPause(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        if arguments.isGiven(until), arguments.isGiven(length) { throw ArgumentError("--until and --for exclude each other") }
        let now = Timestamp.now
        let end = arguments[until] ?? arguments[length].map { now + $0 }
        if let end, end <= now { throw ArgumentError("the time to resume, \(LocalTime.text(end)), is over") }
        let pause = QueuePause(since: now, until: end, reason: arguments[reason], by: whoever)
        let queues = try names(arguments)
        let client = try context.client(try context.settings(), willSend: true)
        let pausing = try pausing(client)
        for queue in queues {
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

    /// The user, at this machine. The corresponding C function is `getpwuid`.
    private static var whoever: String {
        let name = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "\(getuid())"
        return "\(name)@\(HostName.current)"
    }
}
