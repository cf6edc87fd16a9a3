import Arguments
import CeleryCore
import Client
import Processes
import Worker

/// `celery revoke`: have tasks not run, or stopped.
enum RevokeCommand {
    static let task = Option.values(
        "task", placeholder: "NAME", .nonEmptyText, help: "All tasks of this name that were submitted before.")
    static let header = Option.values(
        "header", placeholder: "K=V", .headerValue,
        help: "All tasks submitted before whose message has this header, or this stamp of Python's.")
    static let terminate = Option.flag(
        "terminate", help: "End attempts that are under way too: a program with all it has started, a Swift task with its pool child.")
    static let signal = Option.value(
        "signal", short: "s", placeholder: "S", .signalName,
        help: "What --terminate sends, by default TERM; KILL follows after ten seconds.")
    static let life = Option.value(
        "ttl", placeholder: "S", .duration,
        help: "Remember it so long, in seconds or as 90s, 10m, 2h, 1d; by default as long as results are kept.")
    static let timeout = Option.value(
        "timeout", short: "t", placeholder: "S", .duration,
        help: "With --terminate, wait at most so long for the end of what runs; by default 15 seconds.")

    /// For those whose results are kept for ever.
    private static let longest: Duration = .seconds(365 * 86_400)
    private static let patience: Duration = .seconds(15)

    static let command = Command(
        CommandSpec(
            "revoke", section: "Tasks", summary: "Have tasks not run, or stopped",
            discussion: [
                "Prints ID, a tab and what became of each task: 'removed' for one that waited and is gone; 'flagged' for one that a worker has or may have, which drops it unless it has begun; 'terminated' for one that was under way and has been ended; 'finished already'; or 'unknown' for an id that nobody has heard of, which is flagged all the same: submitted later, it will not run. The result of a revoked task is REVOKED, and celery result exits with 125.",
                "Workers that start later know of it too, until it is forgotten (--ttl). With --task and --header it is about what was submitted before; where the id of a task does not tell when that was, as with Python's, it is about later ones as well.",
                "On RabbitMQ nothing can be taken out of the middle of a queue: there every task is 'flagged', and dropped when a worker comes to it. The order is kept in the stream celery.orders (RabbitMQ 3.9 or later) and sent to the workers by remote control: those of Python obey, as long as they run; of --task they know nothing.",
            ],
            options: [
                task.description, header.description, terminate.description, signal.description, timeout.description, life.description,
            ],
            operands: [Operand("ID", .zeroOrMore, help: "Ids of tasks, as apply printed them.", completion: .taskID)],
            examples: [
                Example("celery revoke 0193...", "Have one task not run."),
                Example("celery revoke --terminate --signal INT 0193...", "Stop it even if it runs."),
                Example("celery revoke --task demo.tasks.add", "Drop all that waits of one sort."),
            ],
            exitStatuses: [
                ExitStatus(0, "Done; an id that nobody has heard of is flagged all the same."),
                ExitStatus(124, "With --terminate, a task had not ended in time; it is being ended all the same."),
            ] + CeleryTable.statuses("64", "65", "69", "75", "77", "78"),
            outputKeys: [
                OutputKey("id", "Of the task."),
                OutputKey("outcome", "removed, flagged, terminated, finished already, or unknown."),
                OutputKey("task, header", "With --task and --header, what is revoked; then the outcome is flagged."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        let settings = try context.settings()
        let now = Timestamp.now
        let life = arguments[life] ?? settings.resultExpires.map { .seconds($0) } ?? longest
        let ids = arguments.operands.map { TaskID($0) }.distinct
        let rules = arguments[task].map(Revocation.Target.task) + arguments[header].map { Revocation.Target.header($0.name, value: $0.value) }
        if ids.isEmpty && rules.isEmpty { throw ArgumentError("no task is named: write its id, --task NAME or --header K=V") }
        if ids.contains(where: \.text.isEmpty) {
            throw ArgumentError("an id is empty", hint: "write ids as 'celery apply' prints them; --task NAME is for all tasks of a name")
        }
        if life <= .zero { throw ArgumentError("--ttl must be more than 0: it would be forgotten at once") }
        if arguments.isGiven(signal), !arguments[terminate] { throw ArgumentError("--signal is of use with --terminate only") }
        if arguments.isGiven(timeout), !arguments[terminate] { throw ArgumentError("--timeout is of use with --terminate only") }
        let revocations = (ids.map(Revocation.Target.id) + rules).map { target in
            Revocation(
                target, isTerminating: arguments[terminate], signal: arguments[signal] ?? Revocation.defaultSignal, issued: now,
                until: now + life)
        }

        let client = try context.client(settings, willSend: true)
        let name = WorkerIdentity.here(named: "celery@%h").name
        let progress = ProgressLine(output: context.output, "revoke: removed")
        let named = Set(ids)
        let report = try await client.revoke(
            revocations, ending: { RevokedTask.outcome(of: $0, attempt: $1, by: name, now: now) }
        ) { removed in
            progress.add(removed.count)
            // Those that were named are told of below, in their order.
            for id in removed where !named.contains(id) { show(id, "removed", context) }
        }
        progress.clear()
        if let reason = report.forgetful {
            context.output.note("celery revoke: warning: workers that start later will not know of it: \(reason)")
        }
        var waited = Ends()
        if arguments[terminate] {
            let open = ids.filter { report.fates[$0] != .removed && report.fates[$0] != .finished && report.fates[$0] != .unknown }
                + report.fates.filter { $0.value == .held && !ids.contains($0.key) }.keys
            waited = try await ends(of: open, client, within: arguments[timeout] ?? patience)
        }
        for id in ids + report.fates.keys.filter({ !ids.contains($0) }).sorted(by: { $0.text < $1.text }) {
            show(id, word(report.fates[id], waited.states[id]), context)
        }
        for rule in rules { show(rule, context) }
        await client.close()
        return waited.isLate ? ExitCode.timedOut : ExitCode.done
    }

    private static func show(_ id: TaskID, _ outcome: String, _ context: CommandContext) {
        context.output.record(["id": .string(id.text), "outcome": .string(outcome)], text: "\(id.text.inOneLine)\t\(outcome)")
    }

    private static func show(_ rule: Revocation.Target, _ context: CommandContext) {
        switch rule {
        case .id: break
        case .task(let name):
            context.output.record(["task": .string(name), "outcome": "flagged"], text: "task \(name.inOneLine)\tflagged")
        case .header(let name, let value):
            context.output.record(
                ["header": .string("\(name)=\(value)"), "outcome": "flagged"], text: "header \("\(name)=\(value)".inOneLine)\tflagged")
        }
    }

    /// What tasks that were told to end have come to.
    private struct Ends {
        var states: [TaskID: TaskState] = [:]
        var isLate = false
    }

    private static func ends(of ids: [TaskID], _ client: Client, within limit: Duration) async throws -> Ends {
        var ends = Ends()
        // Results that are sent to whoever waits cannot be looked at from here.
        guard !ids.isEmpty, !(try client.store is any ResultAnswering) else { return ends }
        let unfinished = try await client.wait(for: ids, timeout: limit) { ends.states[$0.id] = $0.state }
        // One that waits in a queue at a broker that cannot tell is as good as ended.
        ends.isLate = client.broker is any MessageLocating && !unfinished.late.isEmpty
        return ends
    }

    private static func word(_ fate: RevocationReport.Fate?, _ end: TaskState?) -> String {
        switch fate {
        case .removed: return "removed"
        case .finished: return "finished already"
        case .unknown: return "unknown"
        case .held, nil:
            switch end {
            case .revoked: return "terminated"
            case .success, .failure: return "finished already"
            default: return "flagged"
            }
        }
    }
}

extension ValueParser where Value == String {
    /// A signal by its name or number.
    fileprivate static var signalName: Self {
        Self { (text) throws(InvalidValue) in
            guard let number = Signal.number(of: text) else { throw InvalidValue("is no signal", advice: "write TERM, INT or KILL") }
            return Signal.name(of: number)
        }
    }
}

/// A header as it is written on a command line.
struct HeaderValue: Sendable {
    var name: String
    var value: String
}

extension ValueParser where Value == HeaderValue {
    /// `K=V`.
    fileprivate static var headerValue: Self {
        Self { (text) throws(InvalidValue) in
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { throw InvalidValue("is not of the form K=V") }
            return HeaderValue(name: String(text[..<equals]), value: String(text[text.index(after: equals)...]))
        }
    }
}
